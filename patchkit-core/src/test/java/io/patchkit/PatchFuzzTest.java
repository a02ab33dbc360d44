package io.patchkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.patchkit.format.FormatException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;

/**
 * Whatever the bytes of a patch: a patch that writes back to an equal one, or the documented
 * refusal. docs/trust.md tells how a campaign is run.
 */
class PatchFuzzTest {

  private static final Path RESOURCES = Path.of("src/test/resources/io/patchkit");

  private static final Map<String, byte[]> SOFT = new LinkedHashMap<>();
  private static byte[] keyValueWeights = {};

  @BeforeAll
  static void read() throws Exception {
    for (String name : new String[] {PeftAdapter.CONFIG, PeftAdapter.WEIGHTS, "patch.json"}) {
      SOFT.put(name, Files.readAllBytes(RESOURCES.resolve("trust/refuse-harm").resolve(name)));
    }
    keyValueWeights =
        Files.readAllBytes(RESOURCES.resolve("peft-prefix-tuning").resolve(PeftAdapter.WEIGHTS));
  }

  @FuzzTest
  void manifest(byte[] text) {
    try {
      PatchJson json = PatchJson.parse(text);
      assertThat(PatchJson.parse(json.toBytes())).isEqualTo(json);
    } catch (FormatException e) {
      assertThat(e).hasMessageStartingWith(e.location());
    }
  }

  /** A configuration beside the weights of prompt tuning and those of prefix tuning. */
  @FuzzTest
  void config(byte[] text) {
    for (byte[] weights : new byte[][] {SOFT.get(PeftAdapter.WEIGHTS), keyValueWeights}) {
      PatchParts in = new PatchParts("the patch");
      try {
        PeftAdapter adapter = in.config(text);
        Prefix prefix = in.prefix(adapter, weights, EmbeddingSpace.TOKEN_TABLE);
        PeftAdapter again = PeftAdapter.parse(PeftAdapter.config(prefix, adapter.base()));
        assertThat(again.prefix(weights, EmbeddingSpace.TOKEN_TABLE)).isEqualTo(prefix);
      } catch (CorruptPatchException e) {
        assertThat(e).hasMessageContaining("the patch is no valid patch");
      }
    }
  }

  /**
   * A whole patch in which one file has other bytes, and is listed as it is.
   *
   * @param bytes which file, in the first of them, and its content
   */
  @FuzzTest
  void patch(byte[] bytes) {
    if (bytes.length == 0) {
      return;
    }
    String[] names = {
      PeftAdapter.CONFIG, PeftAdapter.WEIGHTS, "evaluation.json", "provenance.json"
    };
    byte[] content = Arrays.copyOfRange(bytes, 1, bytes.length);
    Map<String, byte[]> files = new LinkedHashMap<>(SOFT);
    files.put(names[(bytes[0] & 0xff) % names.length], content);
    files.put("patch.json", listing(files));
    try {
      Patch patch = Patch.parse(files);
      assertThat(Patch.parse(files)).isEqualTo(patch);
    } catch (CorruptPatchException e) {
      assertThat(e.fault()).isNotNull();
    }
  }

  private static byte[] listing(Map<String, byte[]> files) {
    StringBuilder listed = new StringBuilder("\"files\": [");
    files.forEach(
        (name, content) -> {
          if (!name.equals("patch.json")) {
            listed
                .append(listed.charAt(listed.length() - 1) == '[' ? "" : ",")
                .append(
                    "{\"name\": \"%s\", \"size\": %d, \"sha256\": \"%s\"}"
                        .formatted(name, content.length, PatchDirectory.sha256(content)));
          }
        });
    String text = new String(SOFT.get("patch.json"), UTF_8);
    return (text.substring(0, text.indexOf("\"files\"")) + listed + "]}").getBytes(UTF_8);
  }

  @FuzzTest
  void version(byte[] utf8) {
    try {
      SemanticVersion version = SemanticVersion.parse(new String(utf8, UTF_8));
      assertThat(SemanticVersion.parse(version.toString())).isEqualTo(version);
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("version");
    }
  }
}
