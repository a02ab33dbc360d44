package io.patchkit.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.patchkit.Patch;
import io.patchkit.PatchDocument;
import io.patchkit.format.JsonObject;
import io.patchkit.trust.UntrustedPatchException.Code;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What an attacker or a careless signer may hand in. Each row makes one thing wrong of a patch that
 * verifies; {@link #acceptsThePatchBeforeItIsMadeHostile} shows that it does.
 */
class HostileInputTest {

  /** Makes one thing wrong. */
  interface Attack {
    void on(Lab lab) throws IOException, InterruptedException;
  }

  /**
   * One hostile input.
   *
   * @param number its family: 1 to 15 signatures, 16 to 24 and 29 packages, 30 to 32 weights
   */
  record Row(int number, String what, Code code, Attack attack) {
    @Override
    public String toString() {
      return number + " " + what + " → " + code;
    }
  }

  @TempDir Path folder;
  private Lab lab;

  @BeforeEach
  void sign() {
    lab = new Lab(folder);
  }

  @Test
  void acceptsThePatchBeforeItIsMadeHostile() {
    assertThat(lab.verify().patch().manifest().name()).isEqualTo("refuse-harm");
  }

  @ParameterizedTest
  @MethodSource("rows")
  void refuses(Row row) throws Exception {
    row.attack().on(lab);
    UntrustedPatchException refusal =
        catchThrowableOfType(UntrustedPatchException.class, () -> lab.verify());
    assertThat(refusal).as(row.what()).isNotNull();
    assertThat(refusal.code()).as(refusal.getMessage()).isEqualTo(row.code());
  }

  @Test
  void everyCodeHasItsRow() {
    Set<Code> tested = EnumSet.noneOf(Code.class);
    rows().forEach(row -> tested.add(row.code()));
    assertThat(tested).containsExactlyInAnyOrder(Code.values());
  }

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.addAll(signatures());
    rows.addAll(statements());
    rows.addAll(packages());
    rows.addAll(contents());
    return rows;
  }

  private static List<Row> signatures() {
    return List.of(
        row(
            1,
            "a flipped bit in the weights",
            Code.DIGEST_MISMATCH,
            lab -> lab.flip(Lab.WEIGHTS, 0)),
        row(1, "a flipped bit in the config", Code.DIGEST_MISMATCH, lab -> lab.flip(Lab.CONFIG, 5)),
        row(
            2,
            "a flipped bit in the signature",
            Code.INVALID_SIGNATURE,
            HostileInputTest::flipSignature),
        row(
            2,
            "a changed payload",
            Code.INVALID_SIGNATURE,
            lab -> lab.bundle("\"payload\": \"ew", "\"payload\": \"fw")),
        row(
            3,
            "an unknown key",
            Code.UNKNOWN_KEY,
            lab -> lab.bundles.set(0, Lab.MALLORY.sign(lab.directory))),
        row(
            3,
            "an unknown key under a known hint",
            Code.INVALID_SIGNATURE,
            lab -> {
              lab.bundles.set(0, Lab.MALLORY.sign(lab.directory));
              lab.bundle(
                  Lab.MALLORY.verificationKey().keyId(), Lab.ALICE.verificationKey().keyId());
            }),
        row(3, "no bundle", Code.UNSIGNED, lab -> lab.bundles.clear()),
        row(
            3,
            "33 bundles",
            Code.TOO_MANY_BUNDLES,
            lab -> {
              while (lab.bundles.size() < 33) {
                lab.bundles.add(lab.bundles.get(0));
              }
            }),
        row(
            3,
            "no hint",
            Code.MISSING_HINT,
            lab -> lab.bundle("\"hint\": \"" + Lab.ALICE.verificationKey().keyId() + "\"", "")),
        row(
            3,
            "a hint in capitals",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle(Lab.ALICE.verificationKey().keyId(), "A".repeat(64))),
        row(
            3,
            "a key id inside that is not the hint",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle("\"keyid\": \"\"", "\"keyid\": \"bob\"")),
        row(
            4,
            "a key outside its names",
            Code.KEY_OUT_OF_SCOPE,
            lab -> lab.policy = trusting(alice().withNames("acme-*", "refuse"))),
        row(
            5,
            "a key whose time is over",
            Code.KEY_EXPIRED,
            lab ->
                lab.policy =
                    trusting(
                        alice()
                            .withValidity(
                                SamplePatch.NOW.minusSeconds(9), SamplePatch.NOW.minusNanos(1)))),
        row(
            5,
            "a key whose time is to come",
            Code.KEY_NOT_YET_VALID,
            lab ->
                lab.policy =
                    trusting(
                        alice()
                            .withValidity(
                                SamplePatch.NOW.plusNanos(1),
                                SamplePatch.NOW.plus(Duration.ofDays(1))))),
        row(
            5,
            "a revoked key",
            Code.KEY_REVOKED,
            lab ->
                lab.policy = lab.policy.withRevoked(Lab.ALICE.verificationKey().keyId(), "stolen")),
        row(
            6,
            "two signatures by one key",
            Code.THRESHOLD_NOT_MET,
            lab -> {
              lab.bundles.add(Lab.ALICE.sign(lab.directory));
              lab.policy = aliceAndBob().withThreshold(2);
            }),
        row(
            6,
            "one key under two hints",
            Code.INVALID_SIGNATURE,
            lab -> {
              lab.bundle(Lab.ALICE.verificationKey().keyId(), Lab.BOB.verificationKey().keyId());
              lab.bundles.add(Lab.ALICE.sign(lab.directory));
              lab.policy = aliceAndBob().withThreshold(2);
            }),
        row(
            6,
            "one key of the keyring and an unknown one",
            Code.THRESHOLD_NOT_MET,
            lab -> {
              lab.bundles.add(Lab.MALLORY.sign(lab.directory));
              lab.policy = aliceAndBob().withThreshold(2);
            }),
        row(
            6,
            "two keys, of which one is out of its scope",
            Code.THRESHOLD_NOT_MET,
            lab -> {
              lab.bundles.add(Lab.BOB.sign(lab.directory));
              lab.policy =
                  trusting(alice(), TrustedKey.of(Lab.BOB.verificationKey()).withNames("acme"))
                      .withThreshold(2);
            }),
        row(
            6,
            "two keys, of which one has the role that two must have",
            Code.ROLE_NOT_MET,
            lab -> {
              lab.bundles.add(Lab.BOB.sign(lab.directory));
              lab.policy =
                  trusting(alice(), TrustedKey.of(Lab.BOB.verificationKey()).withRoles(Role.AUTHOR))
                      .withThreshold(Role.APPROVER, 2);
            }),
        row(
            8,
            "a signature of zeros",
            Code.MALFORMED_SIGNATURE,
            lab -> lab.signature("3006020100020100")),
        row(8, "an empty signature", Code.MALFORMED_SIGNATURE, lab -> lab.signature("")),
        row(8, "a negative r", Code.MALFORMED_SIGNATURE, lab -> lab.signature("3006020180020101")),
        row(
            8,
            "an r with a byte too many",
            Code.MALFORMED_SIGNATURE,
            lab -> lab.signature("300702020001020101")),
        row(
            8,
            "an r of the order",
            Code.MALFORMED_SIGNATURE,
            lab ->
                lab.signature(
                    "3026022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551020101")),
        row(
            8,
            "a signature in raw form",
            Code.MALFORMED_SIGNATURE,
            lab -> lab.signature("01".repeat(64))),
        row(
            8,
            "a byte after the signature",
            Code.MALFORMED_SIGNATURE,
            lab -> lab.signature(Arrays.copyOf(lab.signature(), lab.signature().length + 1))),
        row(8, "a length in a form too long", Code.MALFORMED_SIGNATURE, HostileInputTest::lengthen),
        row(
            8,
            "a signature whose base64 has bits to spare",
            Code.MALFORMED_BUNDLE,
            lab -> {
              lab.signature("3006020101020101");
              lab.bundle(lab.sig(), "MAYCAQECAQF=");
            }),
        row(
            9,
            "a foreign payload type",
            Code.UNSUPPORTED_PAYLOAD,
            lab -> lab.bundle("application/vnd.in-toto+json", "text/plain")),
        row(
            10,
            "an older bundle",
            Code.UNSUPPORTED_BUNDLE,
            lab -> lab.bundle("v0.3+json", "v0.2+json")),
        row(
            10,
            "a certificate for a key",
            Code.UNSUPPORTED_BUNDLE,
            lab -> lab.bundle("\"publicKey\"", "\"certificate\": {}, \"publicKey\"")),
        row(
            10,
            "an entry of a transparency log",
            Code.UNSUPPORTED_BUNDLE,
            lab -> lab.bundle("\"tlogEntries\": []", "\"tlogEntries\": [{}]")),
        row(
            11,
            "no signature",
            Code.SIGNATURE_COUNT,
            lab ->
                lab.bundle(
                    "{\n        \"sig\": \"" + lab.sig() + "\",\n        \"keyid\": \"\"\n      }",
                    "")),
        row(
            11,
            "a good signature and another",
            Code.SIGNATURE_COUNT,
            lab ->
                lab.bundle(
                    "\"keyid\": \"\"\n      }",
                    "\"keyid\": \"\"\n      }, {\"sig\": \"MAYCAQECAQE=\"}")),
        row(
            14,
            "a key twice",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle("\"keyid\": \"\"", "\"keyid\": \"\", \"keyid\": \"\"")),
        row(
            14,
            "bytes after the bundle",
            Code.MALFORMED_BUNDLE,
            lab ->
                lab.bundles.set(
                    0,
                    (new String(lab.bundles.get(0), StandardCharsets.UTF_8) + "{}")
                        .getBytes(StandardCharsets.UTF_8))),
        row(
            14,
            "33 levels",
            Code.MALFORMED_BUNDLE,
            lab ->
                lab.bundle(
                    "\"tlogEntries\": []", "\"tlogEntries\": " + "[".repeat(33) + "]".repeat(33))),
        row(
            14,
            "bytes that are no UTF-8",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle("\"keyid\": \"\"", "\"keyid\": \"\u00ff\"")),
        row(
            14,
            "an unknown field",
            Code.MALFORMED_BUNDLE,
            lab -> lab.bundle("\"keyid\": \"\"", "\"keyid\": \"\", \"cert\": \"\"")),
        row(
            14,
            "a bundle of 64 KiB and a byte",
            Code.MALFORMED_BUNDLE,
            lab ->
                lab.bundles.set(
                    0, Arrays.copyOf(lab.bundles.get(0), VerifiedPatch.MAX_BUNDLE_BYTES + 1))),
        row(14, "nothing", Code.MALFORMED_BUNDLE, lab -> lab.bundles.set(0, new byte[0])));
  }

  private static List<Row> statements() {
    String ignore = "\"ignore_paths\": []";
    return List.of(
        row(
            10,
            "the predicate of Model Signing before 1.0",
            Code.UNSUPPORTED_STATEMENT,
            lab ->
                lab.statement(
                    "https://model_signing/signature/v1.0", "https://model_signing/Digests/v0.1")),
        row(
            10,
            "an older statement",
            Code.UNSUPPORTED_STATEMENT,
            lab -> lab.statement("Statement/v1", "Statement/v0.1")),
        row(
            11,
            "no subject",
            Code.SUBJECT_COUNT,
            lab ->
                lab.statement(
                    text -> text.replaceAll("(?s)\"subject\": \\[.*?\\n  \\]", "\"subject\": []"))),
        row(
            11,
            "two subjects",
            Code.SUBJECT_COUNT,
            lab ->
                lab.statement(
                    text -> text.replaceAll("(?s)(\"subject\": \\[)(.*?)(\\n  \\])", "$1$2,$2$3"))),
        row(
            12,
            "files out of order",
            Code.RESOURCES_NOT_CANONICAL,
            lab -> lab.statement(text -> swapFirstResources(text))),
        row(
            12,
            "a file twice",
            Code.RESOURCES_NOT_CANONICAL,
            lab -> lab.statement(text -> repeatFirstResource(text))),
        row(
            12,
            "a digest in capitals",
            Code.RESOURCES_NOT_CANONICAL,
            lab -> {
              String digest = Sha256.hex(lab.content(Lab.CONFIG));
              lab.statement(digest, digest.toUpperCase(Locale.ROOT));
            }),
        row(
            13,
            "files that are left out",
            Code.UNSUPPORTED_SERIALIZATION,
            lab -> {
              lab.write("evaluation.json", "{}");
              lab.statement(ignore, "\"ignore_paths\": [\"evaluation.json\"]");
            }),
        row(
            13,
            "links that are followed",
            Code.UNSUPPORTED_SERIALIZATION,
            lab -> lab.statement("\"allow_symlinks\": false", "\"allow_symlinks\": true")),
        row(
            13,
            "files in shards",
            Code.UNSUPPORTED_SERIALIZATION,
            lab -> lab.statement("\"files\"", "\"shards\"")),
        row(
            13,
            "another hash",
            Code.UNSUPPORTED_SERIALIZATION,
            lab -> lab.statement("\"hash_type\": \"sha256\"", "\"hash_type\": \"blake2b\"")),
        row(
            13,
            "another hash for one file",
            Code.UNSUPPORTED_SERIALIZATION,
            lab ->
                lab.statement(
                    text ->
                        text.replaceFirst(
                            "\"algorithm\": \"sha256\"", "\"algorithm\": \"blake3\""))),
        row(
            13,
            "a root that is not that of the files",
            Code.ROOT_MISMATCH,
            lab ->
                lab.statement(
                    Lab.field(
                        lab.statement().replaceFirst("(?s)\"sha256\": ", "\"root\": "), "root"),
                    "0".repeat(64))),
        row(
            14,
            "a key twice in the statement",
            Code.MALFORMED_STATEMENT,
            lab -> lab.statement(ignore, ignore + ", " + ignore)),
        row(
            14,
            "bytes after the statement",
            Code.MALFORMED_STATEMENT,
            lab -> lab.statement(text -> text + "x")),
        row(
            14,
            "33 levels in the statement",
            Code.MALFORMED_STATEMENT,
            lab -> lab.statement(ignore, "\"ignore_paths\": " + "[".repeat(33) + "]".repeat(33))),
        row(
            14,
            "a statement that is no UTF-8",
            Code.MALFORMED_STATEMENT,
            lab -> lab.sign(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'})),
        row(
            14,
            "an unknown field of the predicate",
            Code.MALFORMED_STATEMENT,
            lab -> lab.statement("\"predicate\": {", "\"predicate\": {\"note\": 1,")),
        row(
            14,
            "an unknown field of the statement",
            Code.MALFORMED_STATEMENT,
            lab -> lab.statement("\"_type\"", "\"note\": 1, \"_type\"")),
        row(
            14,
            "a statement that is no object",
            Code.MALFORMED_STATEMENT,
            lab -> lab.sign("[]".getBytes(StandardCharsets.UTF_8))),
        row(
            15,
            "the signature of another patch",
            Code.ANOTHER_PATCH,
            lab ->
                lab.bundles.set(
                    0,
                    Lab.ALICE.sign(
                        SamplePatch.save(lab.directory.resolveSibling("other"), "other")))),
        row(
            15,
            "a good signature, and that of another patch",
            Code.ANOTHER_PATCH,
            lab ->
                lab.bundles.add(
                    Lab.ALICE.sign(
                        SamplePatch.save(lab.directory.resolveSibling("other"), "other")))),
        row(15, "a changed manifest", Code.ANOTHER_PATCH, lab -> lab.flip("patch.json", 0)),
        signedName("../patch.json"),
        signedName("/etc/passwd"),
        signedName("a//b"),
        signedName("./a"),
        signedName("dir\\\\file"),
        signedName("nul\\u0000byte"),
        signedName("line\\nfeed"),
        signedName("C:x"),
        signedName("CON"),
        signedName("aux.txt"),
        signedName("dot."),
        signedName("space "),
        signedName("right\\u202eleft"),
        signedName("e\\u0301"),
        signedName(""),
        signedName("x".repeat(1025)),
        row(20, "names that differ in case", Code.UNSAFE_NAME, lab -> signAlso(lab, "Patch.json")),
        row(
            20,
            "names that differ in Unicode's form",
            Code.UNSAFE_NAME,
            lab -> signAlso(lab, "\uff50atch.json")));
  }

  private static List<Row> packages() {
    return List.of(
        row(16, "a file that no patch has", Code.EXTRA_FILE, lab -> lab.write("readme.txt", "x")),
        row(
            16,
            "a file that patches have and that was not signed",
            Code.EXTRA_FILE,
            lab -> lab.write("evaluation.json", "{}")),
        row(
            16,
            "a signed file that the manifest omits",
            Code.EXTRA_FILE,
            lab -> {
              lab.write("evaluation.json", "{}");
              lab.signAsItIs();
            }),
        row(
            16,
            "an empty directory",
            Code.EXTRA_FILE,
            lab -> Files.createDirectory(lab.directory.resolve("empty"))),
        row(
            17,
            "no weights",
            Code.MISSING_FILE,
            lab -> Files.delete(lab.directory.resolve(Lab.WEIGHTS))),
        row(
            17,
            "no weights, and the signer agrees",
            Code.MISSING_FILE,
            lab -> {
              Files.delete(lab.directory.resolve(Lab.WEIGHTS));
              lab.signAsItIs();
            }),
        row(
            17,
            "no manifest",
            Code.MISSING_FILE,
            lab -> {
              Files.delete(lab.directory.resolve("patch.json"));
              lab.signAsItIs();
            }),
        row(
            17,
            "no directory",
            Code.MISSING_FILE,
            lab -> Files.move(lab.directory, lab.directory.resolveSibling("elsewhere"))),
        row(18, "a .git", Code.HIDDEN_FILE, lab -> lab.write(".git/config", "x")),
        row(18, "a hidden file", Code.HIDDEN_FILE, lab -> lab.write(".DS_Store", "x")),
        row(
            19,
            "a link",
            Code.NOT_A_REGULAR_FILE,
            lab -> {
              Path moved =
                  Files.move(lab.directory.resolve(Lab.CONFIG), lab.directory.resolveSibling("c"));
              Files.createSymbolicLink(lab.directory.resolve(Lab.CONFIG), moved);
            }),
        row(
            19,
            "a directory with a file's name",
            Code.NOT_A_REGULAR_FILE,
            lab -> {
              Files.delete(lab.directory.resolve(Lab.CONFIG));
              Files.createDirectory(lab.directory.resolve(Lab.CONFIG));
            }),
        row(
            19,
            "a pipe",
            Code.NOT_A_REGULAR_FILE,
            lab -> {
              Files.delete(lab.directory.resolve(Lab.CONFIG));
              new ProcessBuilder("mkfifo", lab.directory.resolve(Lab.CONFIG).toString())
                  .start()
                  .waitFor();
            }),
        row(
            19,
            "a hard link",
            Code.HARD_LINK,
            lab ->
                Files.createLink(
                    lab.directory.resolveSibling("other-name"),
                    lab.directory.resolve(Lab.WEIGHTS))),
        row(20, "a device's name", Code.UNSAFE_NAME, lab -> lab.write("CON.json", "x")),
        row(20, "a file with a backslash", Code.UNSAFE_NAME, lab -> lab.write("a\\b", "x")),
        row(
            21,
            "a manifest that states another size",
            Code.SIZE_MISMATCH,
            lab -> {
              int size = lab.content(Lab.CONFIG).length;
              lab.manifest("\"size\": " + size, "\"size\": " + (size + 1));
            }),
        row(
            21,
            "a manifest that states another digest",
            Code.DIGEST_MISMATCH,
            lab -> {
              String digest = Sha256.hex(lab.content(Lab.CONFIG));
              lab.manifest(digest, "0".repeat(64));
            }),
        row(
            21,
            "a manifest of 256 KiB and more",
            Code.TOO_LARGE,
            lab -> lab.write("patch.json", " ".repeat((256 << 10) + 1))),
        row(
            23,
            "a later format",
            Code.UNKNOWN_FORMAT,
            lab -> lab.manifest("\"formatVersion\": 1", "\"formatVersion\": 2")),
        row(
            23,
            "another kind",
            Code.UNKNOWN_FORMAT,
            lab -> lab.manifest("\"soft-prompt\"", "\"lora\"")),
        row(
            24,
            "a version of two numbers",
            Code.MALFORMED_VERSION,
            lab -> lab.manifest("\"1.2.0\"", "\"1.2\"")),
        row(
            24,
            "a version with build metadata",
            Code.MALFORMED_VERSION,
            lab -> lab.manifest("\"1.2.0\"", "\"1.2.0+b\"")),
        row(
            24,
            "a version with a leading zero",
            Code.MALFORMED_VERSION,
            lab -> lab.manifest("\"1.2.0\"", "\"01.2.0\"")));
  }

  private static List<Row> contents() {
    return List.of(
        row(
            14,
            "a manifest with a key twice",
            Code.MALFORMED_MANIFEST,
            lab -> lab.manifest("\"licence\": \"\"", "\"licence\": \"\", \"licence\": \"\"")),
        row(
            16,
            "a manifest that lists a file twice",
            Code.MALFORMED_MANIFEST,
            lab -> {
              String config =
                  "\"name\": \""
                      + Lab.CONFIG
                      + "\",\n      \"size\": "
                      + lab.content(Lab.CONFIG).length
                      + ",\n      \"sha256\": \""
                      + Sha256.hex(lab.content(Lab.CONFIG))
                      + "\"";
              lab.manifest(config, config + "}, {" + config);
            }),
        row(
            27,
            "a configuration of another kind",
            Code.DISAGREEMENT,
            lab ->
                lab.manifest(
                    "\"kind\": \"soft-prompt\",\n    \"length\": 5,\n    \"space\": \"token-table\"",
                    "\"kind\": \"kv-prefix\",\n    \"length\": 5")),
        row(
            27,
            "a manifest of another length",
            Code.DISAGREEMENT,
            lab -> lab.manifest("\"length\": 5", "\"length\": 6")),
        row(
            27,
            "a manifest of another width",
            Code.DISAGREEMENT,
            lab -> lab.manifest("\"hiddenSize\": 8", "\"hiddenSize\": 16")),
        row(
            27,
            "another adapter type",
            Code.MALFORMED_CONFIG,
            lab ->
                lab.replace(
                    Lab.CONFIG,
                    new String(lab.content(Lab.CONFIG), StandardCharsets.UTF_8)
                        .replace("PROMPT_TUNING", "LORA")
                        .getBytes(StandardCharsets.UTF_8))),
        row(
            27,
            "a document that is no JSON",
            Code.MALFORMED_DOCUMENT,
            lab -> {
              Patch.attach(lab.directory, PatchDocument.EVALUATION, JsonObject.builder().build());
              lab.replace("evaluation.json", new byte[] {'x'});
            }),
        row(
            29,
            "no evaluation where one is demanded",
            Code.REQUIREMENT_NOT_MET,
            lab ->
                lab.policy =
                    lab.policy.withRequirement(
                        "an evaluation",
                        patch -> patch.document(PatchDocument.EVALUATION) != null)),
        row(
            30,
            "weights of another name",
            Code.MALFORMED_WEIGHTS,
            lab ->
                lab.replace(
                    Lab.WEIGHTS,
                    new String(lab.content(Lab.WEIGHTS), StandardCharsets.ISO_8859_1)
                        .replace("prompt_embeddings", "prompt_embeddingz")
                        .getBytes(StandardCharsets.ISO_8859_1))),
        row(
            30,
            "weights cut by a byte",
            Code.MALFORMED_WEIGHTS,
            lab ->
                lab.replace(
                    Lab.WEIGHTS,
                    Arrays.copyOf(lab.content(Lab.WEIGHTS), lab.content(Lab.WEIGHTS).length - 1))),
        row(
            30,
            "weights of a header that goes on",
            Code.MALFORMED_WEIGHTS,
            lab -> {
              byte[] weights = lab.content(Lab.WEIGHTS);
              Arrays.fill(weights, 0, 8, (byte) 0xff);
              lab.replace(Lab.WEIGHTS, weights);
            }),
        row(31, "a number that is NaN", Code.NON_FINITE_WEIGHTS, lab -> number(lab, Float.NaN)),
        row(
            31,
            "an infinite number",
            Code.NON_FINITE_WEIGHTS,
            lab -> number(lab, Float.NEGATIVE_INFINITY)),
        row(32, "a huge number", Code.EXTREME_WEIGHTS, lab -> number(lab, -1e30f)),
        row(
            32,
            "a number above the policy's",
            Code.EXTREME_WEIGHTS,
            lab -> lab.policy = lab.policy.withMaxMagnitude(2.4f)));
  }

  private static Row row(int number, String what, Code code, Attack attack) {
    return new Row(number, what, code, attack);
  }

  private static Row signedName(String json) {
    return row(
        20,
        "the signed name " + (json.length() > 40 ? "of 1025 characters" : '"' + json + '"'),
        Code.UNSAFE_NAME,
        lab ->
            lab.statement(
                text ->
                    text.replaceAll(
                        "(?s)\"resources\": \\[.*\\]",
                        "\"resources\": [{\"name\": \""
                            + json.replace("\\", "\\\\")
                            + "\", \"algorithm\": \"sha256\", \"digest\": \""
                            + "0".repeat(64)
                            + "\"}]")));
  }

  private static void signAlso(Lab lab, String name) throws IOException {
    Map<String, String> digests = new TreeMap<>(PatchFiles.read(lab.directory).digests());
    digests.put(name, "0".repeat(64));
    lab.sign(Statement.of("x", digests).toBytes());
  }

  private static String swapFirstResources(String statement) {
    String[] parts = statement.split("(?=\\{\\s*\"name\": \"(?:adapter|patch))", -1);
    return parts[0]
        + parts[2]
        + parts[1]
        + String.join("", Arrays.asList(parts).subList(3, parts.length));
  }

  private static String repeatFirstResource(String statement) {
    String[] parts = statement.split("(?=\\{\\s*\"name\": \"(?:adapter|patch))", -1);
    return parts[0] + parts[1] + String.join("", Arrays.asList(parts).subList(1, parts.length));
  }

  private static void flipSignature(Lab lab) {
    byte[] signature = lab.signature();
    signature[signature.length - 1] ^= 1;
    lab.signature(signature);
  }

  /** {@code 30 46 …} becomes {@code 30 81 46 …}, the same in BER. */
  private static void lengthen(Lab lab) {
    byte[] der = lab.signature();
    byte[] ber = new byte[der.length + 1];
    ber[0] = der[0];
    ber[1] = (byte) 0x81;
    System.arraycopy(der, 1, ber, 2, der.length - 1);
    lab.signature(ber);
  }

  /** Puts a number into the weights and signs them. */
  private static void number(Lab lab, float value) throws IOException {
    byte[] weights = lab.content(Lab.WEIGHTS);
    ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN).putFloat(weights.length - 4, value);
    lab.replace(Lab.WEIGHTS, weights);
  }

  private static TrustedKey alice() {
    return TrustedKey.of(Lab.ALICE.verificationKey());
  }

  private static TrustPolicy aliceAndBob() {
    return TrustPolicy.of(Lab.ALICE.verificationKey(), Lab.BOB.verificationKey());
  }

  private static TrustPolicy trusting(TrustedKey... keys) {
    return TrustPolicy.of(List.of(keys));
  }
}
