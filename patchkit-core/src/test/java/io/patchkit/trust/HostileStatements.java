package io.patchkit.trust;

import io.patchkit.trust.UntrustedPatchException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Statements that a trusted key signed and that are wrong: families 10 to 15 and 20. */
final class HostileStatements {

  private HostileStatements() {}

  static List<HostileInput> rows() {
    String ignore = "\"ignore_paths\": []";
    return List.of(
        HostileInput.of(
            10,
            "the predicate of Model Signing before 1.0",
            Code.UNSUPPORTED_STATEMENT,
            lab ->
                lab.statement(
                    "https://model_signing/signature/v1.0", "https://model_signing/Digests/v0.1")),
        HostileInput.of(
            10,
            "an older statement",
            Code.UNSUPPORTED_STATEMENT,
            lab -> lab.statement("Statement/v1", "Statement/v0.1")),
        HostileInput.of(
            11,
            "no subject",
            Code.SUBJECT_COUNT,
            lab ->
                lab.statement(
                    text -> text.replaceAll("(?s)\"subject\": \\[.*?\\n  \\]", "\"subject\": []"))),
        HostileInput.of(
            11,
            "two subjects",
            Code.SUBJECT_COUNT,
            lab ->
                lab.statement(
                    text -> text.replaceAll("(?s)(\"subject\": \\[)(.*?)(\\n  \\])", "$1$2,$2$3"))),
        HostileInput.of(
            12,
            "files out of order",
            Code.RESOURCES_NOT_CANONICAL,
            lab -> lab.statement(text -> swapFirstResources(text))),
        HostileInput.of(
            12,
            "a file twice",
            Code.RESOURCES_NOT_CANONICAL,
            lab -> lab.statement(text -> repeatFirstResource(text))),
        HostileInput.of(
            12,
            "a digest in capitals",
            Code.RESOURCES_NOT_CANONICAL,
            lab -> {
              String digest = Sha256.hex(lab.content(Lab.CONFIG));
              lab.statement(digest, digest.toUpperCase(Locale.ROOT));
            }),
        HostileInput.of(
            13,
            "files that are left out",
            Code.UNSUPPORTED_SERIALIZATION,
            lab -> {
              lab.write("evaluation.json", "{}");
              lab.statement(ignore, "\"ignore_paths\": [\"evaluation.json\"]");
            }),
        HostileInput.of(
            13,
            "links that are followed",
            Code.UNSUPPORTED_SERIALIZATION,
            lab -> lab.statement("\"allow_symlinks\": false", "\"allow_symlinks\": true")),
        HostileInput.of(
            13,
            "files in shards",
            Code.UNSUPPORTED_SERIALIZATION,
            lab -> lab.statement("\"files\"", "\"shards\"")),
        HostileInput.of(
            13,
            "another hash",
            Code.UNSUPPORTED_SERIALIZATION,
            lab -> lab.statement("\"hash_type\": \"sha256\"", "\"hash_type\": \"blake2b\"")),
        HostileInput.of(
            13,
            "another hash for one file",
            Code.UNSUPPORTED_SERIALIZATION,
            lab ->
                lab.statement(
                    text ->
                        text.replaceFirst(
                            "\"algorithm\": \"sha256\"", "\"algorithm\": \"blake3\""))),
        HostileInput.of(
            13,
            "a root that is not that of the files",
            Code.ROOT_MISMATCH,
            lab ->
                lab.statement(
                    Lab.field(
                        lab.statement().replaceFirst("(?s)\"sha256\": ", "\"root\": "), "root"),
                    "0".repeat(64))),
        HostileInput.of(
            14,
            "a key twice in the statement",
            Code.MALFORMED_STATEMENT,
            lab -> lab.statement(ignore, ignore + ", " + ignore)),
        HostileInput.of(
            14,
            "bytes after the statement",
            Code.MALFORMED_STATEMENT,
            lab -> lab.statement(text -> text + "x")),
        HostileInput.of(
            14,
            "33 levels in the statement",
            Code.MALFORMED_STATEMENT,
            lab -> lab.statement(ignore, "\"ignore_paths\": " + "[".repeat(33) + "]".repeat(33))),
        HostileInput.of(
            14,
            "a statement that is no UTF-8",
            Code.MALFORMED_STATEMENT,
            lab -> lab.sign(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'})),
        HostileInput.of(
            14,
            "an unknown field of the predicate",
            Code.MALFORMED_STATEMENT,
            lab -> lab.statement("\"predicate\": {", "\"predicate\": {\"note\": 1,")),
        HostileInput.of(
            14,
            "an unknown field of the statement",
            Code.MALFORMED_STATEMENT,
            lab -> lab.statement("\"_type\"", "\"note\": 1, \"_type\"")),
        unknownField("the subject", "\"subject\": \\[\\s*\\{"),
        unknownField("the subject's digest", "\"digest\": \\{"),
        unknownField("the serialization", "\"serialization\": \\{"),
        unknownField("a resource", "\"resources\": \\[\\s*\\{"),
        HostileInput.of(
            14,
            "a statement that is no object",
            Code.MALFORMED_STATEMENT,
            lab -> lab.sign("[]".getBytes(StandardCharsets.UTF_8))),
        HostileInput.of(
            15,
            "the signature of another patch",
            Code.ANOTHER_PATCH,
            lab ->
                lab.bundles.set(
                    0,
                    Lab.ALICE.sign(
                        SamplePatch.save(lab.directory.resolveSibling("other"), "other")))),
        HostileInput.of(
            15,
            "a good signature, and that of another patch",
            Code.ANOTHER_PATCH,
            lab ->
                lab.bundles.add(
                    Lab.ALICE.sign(
                        SamplePatch.save(lab.directory.resolveSibling("other"), "other")))),
        HostileInput.of(
            15, "a changed manifest", Code.ANOTHER_PATCH, lab -> lab.flip("patch.json", 0)),
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
        HostileInput.of(
            20, "names that differ in case", Code.UNSAFE_NAME, lab -> signAlso(lab, "Patch.json")),
        HostileInput.of(
            20,
            "names that differ in Unicode's form",
            Code.UNSAFE_NAME,
            lab -> signAlso(lab, "\uff50atch.json")));
  }

  private static HostileInput unknownField(String what, String opening) {
    return HostileInput.of(
        14,
        "an unknown field of " + what,
        Code.MALFORMED_STATEMENT,
        lab ->
            lab.statement(
                text -> {
                  String changed = text.replaceFirst(opening, "$0\"note\": 1,");
                  if (changed.equals(text)) {
                    throw new AssertionError("nothing to replace: " + opening);
                  }
                  return changed;
                }));
  }

  private static HostileInput signedName(String json) {
    return HostileInput.of(
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
}
