package io.patchkit.trust;

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
import java.util.Arrays;
import java.util.List;

/** Directories and contents that are wrong: families 16 to 32. */
final class HostilePackages {

  private HostilePackages() {}

  static List<HostileInput> packages() {
    return List.of(
        HostileInput.of(
            16, "a file that no patch has", Code.EXTRA_FILE, lab -> lab.write("readme.txt", "x")),
        HostileInput.of(
            16,
            "a file that patches have and that was not signed",
            Code.EXTRA_FILE,
            lab -> lab.write("evaluation.json", "{}")),
        HostileInput.of(
            16,
            "a signed file that the manifest omits",
            Code.EXTRA_FILE,
            lab -> {
              lab.write("evaluation.json", "{}");
              lab.signAsItIs();
            }),
        HostileInput.of(
            16,
            "an empty directory",
            Code.EXTRA_FILE,
            lab -> Files.createDirectory(lab.directory.resolve("empty"))),
        HostileInput.of(
            17,
            "no weights",
            Code.MISSING_FILE,
            lab -> Files.delete(lab.directory.resolve(Lab.WEIGHTS))),
        HostileInput.of(
            17,
            "no weights, and the signer agrees",
            Code.MISSING_FILE,
            lab -> {
              Files.delete(lab.directory.resolve(Lab.WEIGHTS));
              lab.signAsItIs();
            }),
        HostileInput.of(
            17,
            "no manifest",
            Code.MISSING_FILE,
            lab -> {
              Files.delete(lab.directory.resolve("patch.json"));
              lab.signAsItIs();
            }),
        HostileInput.of(
            17,
            "no directory",
            Code.MISSING_FILE,
            lab -> Files.move(lab.directory, lab.directory.resolveSibling("elsewhere"))),
        HostileInput.of(18, "a .git", Code.HIDDEN_FILE, lab -> lab.write(".git/config", "x")),
        HostileInput.of(18, "a hidden file", Code.HIDDEN_FILE, lab -> lab.write(".DS_Store", "x")),
        HostileInput.of(
            19,
            "a link",
            Code.NOT_A_REGULAR_FILE,
            lab -> {
              Path moved =
                  Files.move(lab.directory.resolve(Lab.CONFIG), lab.directory.resolveSibling("c"));
              Files.createSymbolicLink(lab.directory.resolve(Lab.CONFIG), moved);
            }),
        HostileInput.of(
            19,
            "a directory with a file's name",
            Code.NOT_A_REGULAR_FILE,
            lab -> {
              Files.delete(lab.directory.resolve(Lab.CONFIG));
              Files.createDirectory(lab.directory.resolve(Lab.CONFIG));
            }),
        HostileInput.of(
            19,
            "a pipe",
            Code.NOT_A_REGULAR_FILE,
            lab -> {
              Files.delete(lab.directory.resolve(Lab.CONFIG));
              new ProcessBuilder("mkfifo", lab.directory.resolve(Lab.CONFIG).toString())
                  .start()
                  .waitFor();
            }),
        HostileInput.of(
            19,
            "a hard link",
            Code.HARD_LINK,
            lab ->
                Files.createLink(
                    lab.directory.resolveSibling("other-name"),
                    lab.directory.resolve(Lab.WEIGHTS))),
        HostileInput.of(20, "a device's name", Code.UNSAFE_NAME, lab -> lab.write("CON.json", "x")),
        HostileInput.of(
            20, "a file with a backslash", Code.UNSAFE_NAME, lab -> lab.write("a\\b", "x")),
        HostileInput.of(
            21,
            "a manifest that states another size",
            Code.SIZE_MISMATCH,
            lab -> {
              int size = lab.content(Lab.CONFIG).length;
              lab.manifest("\"size\": " + size, "\"size\": " + (size + 1));
            }),
        HostileInput.of(
            21,
            "a manifest that states another digest",
            Code.DIGEST_MISMATCH,
            lab -> {
              String digest = Sha256.hex(lab.content(Lab.CONFIG));
              lab.manifest(digest, "0".repeat(64));
            }),
        HostileInput.of(
            21,
            "a manifest of 256 KiB and more",
            Code.TOO_LARGE,
            lab -> lab.write("patch.json", " ".repeat((256 << 10) + 1))),
        HostileInput.of(
            23,
            "a later format",
            Code.UNKNOWN_FORMAT,
            lab -> lab.manifest("\"formatVersion\": 1", "\"formatVersion\": 2")),
        HostileInput.of(
            23,
            "another kind",
            Code.UNKNOWN_FORMAT,
            lab -> lab.manifest("\"soft-prompt\"", "\"lora\"")),
        HostileInput.of(
            24,
            "a version of two numbers",
            Code.MALFORMED_VERSION,
            lab -> lab.manifest("\"1.2.0\"", "\"1.2\"")),
        HostileInput.of(
            24,
            "a version with build metadata",
            Code.MALFORMED_VERSION,
            lab -> lab.manifest("\"1.2.0\"", "\"1.2.0+b\"")),
        HostileInput.of(
            24,
            "a version with a leading zero",
            Code.MALFORMED_VERSION,
            lab -> lab.manifest("\"1.2.0\"", "\"01.2.0\"")));
  }

  static List<HostileInput> contents() {
    return List.of(
        HostileInput.of(
            14,
            "a manifest with a key twice",
            Code.MALFORMED_MANIFEST,
            lab -> lab.manifest("\"licence\": \"\"", "\"licence\": \"\", \"licence\": \"\"")),
        HostileInput.of(
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
        HostileInput.of(
            27,
            "a configuration of another kind",
            Code.DISAGREEMENT,
            lab ->
                lab.manifest(
                    "\"kind\": \"soft-prompt\",\n    \"length\": 5,\n    \"space\": \"token-table\"",
                    "\"kind\": \"kv-prefix\",\n    \"length\": 5")),
        HostileInput.of(
            27,
            "a manifest of another length",
            Code.DISAGREEMENT,
            lab -> lab.manifest("\"length\": 5", "\"length\": 6")),
        HostileInput.of(
            27,
            "a manifest of another width",
            Code.DISAGREEMENT,
            lab -> lab.manifest("\"hiddenSize\": 8", "\"hiddenSize\": 16")),
        HostileInput.of(
            27,
            "another adapter type",
            Code.MALFORMED_CONFIG,
            lab ->
                lab.replace(
                    Lab.CONFIG,
                    new String(lab.content(Lab.CONFIG), StandardCharsets.UTF_8)
                        .replace("PROMPT_TUNING", "LORA")
                        .getBytes(StandardCharsets.UTF_8))),
        HostileInput.of(
            27,
            "a document that is no JSON",
            Code.MALFORMED_DOCUMENT,
            lab -> {
              Patch.attach(lab.directory, PatchDocument.EVALUATION, JsonObject.builder().build());
              lab.replace("evaluation.json", new byte[] {'x'});
            }),
        HostileInput.of(
            29,
            "no evaluation where one is demanded",
            Code.REQUIREMENT_NOT_MET,
            lab ->
                lab.policy =
                    lab.policy.withRequirement(
                        "an evaluation",
                        patch -> patch.document(PatchDocument.EVALUATION) != null)),
        HostileInput.of(
            30,
            "weights of another name",
            Code.MALFORMED_WEIGHTS,
            lab ->
                lab.replace(
                    Lab.WEIGHTS,
                    new String(lab.content(Lab.WEIGHTS), StandardCharsets.ISO_8859_1)
                        .replace("prompt_embeddings", "prompt_embeddingz")
                        .getBytes(StandardCharsets.ISO_8859_1))),
        HostileInput.of(
            30,
            "weights cut by a byte",
            Code.MALFORMED_WEIGHTS,
            lab ->
                lab.replace(
                    Lab.WEIGHTS,
                    Arrays.copyOf(lab.content(Lab.WEIGHTS), lab.content(Lab.WEIGHTS).length - 1))),
        HostileInput.of(
            30,
            "weights of a header that goes on",
            Code.MALFORMED_WEIGHTS,
            lab -> {
              byte[] weights = lab.content(Lab.WEIGHTS);
              Arrays.fill(weights, 0, 8, (byte) 0xff);
              lab.replace(Lab.WEIGHTS, weights);
            }),
        HostileInput.of(
            31, "a number that is NaN", Code.NON_FINITE_WEIGHTS, lab -> number(lab, Float.NaN)),
        HostileInput.of(
            31,
            "an infinite number",
            Code.NON_FINITE_WEIGHTS,
            lab -> number(lab, Float.NEGATIVE_INFINITY)),
        HostileInput.of(32, "a huge number", Code.EXTREME_WEIGHTS, lab -> number(lab, -1e30f)),
        HostileInput.of(
            32,
            "a number above the policy's",
            Code.EXTREME_WEIGHTS,
            lab -> lab.policy = lab.policy.withMaxMagnitude(2.4f)));
  }

  /** Puts a number into the weights and signs them. */
  private static void number(Lab lab, float value) throws IOException {
    byte[] weights = lab.content(Lab.WEIGHTS);
    ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN).putFloat(weights.length - 4, value);
    lab.replace(Lab.WEIGHTS, weights);
  }
}
