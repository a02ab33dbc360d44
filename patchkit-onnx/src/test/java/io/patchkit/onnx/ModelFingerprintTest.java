package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.onnx.runtime.JavaProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A model is the same wherever and however its files lie. */
class ModelFingerprintTest {

  private static final Path MODEL = Path.of("src/test/resources/cases/llama-gqa").toAbsolutePath();

  @TempDir Path folder;

  /** What is run in a folder of its own: prints the fingerprint of the model there. */
  static final class Here {

    private Here() {}

    public static void main(String... args) {
      System.out.println(fingerprint(Path.of(".")));
    }
  }

  private static String fingerprint(Path model) {
    try (OnnxModel opened = OnnxModel.open(model)) {
      return opened.fingerprint();
    }
  }

  @Test
  void isTheDigestOfALineForEachFile() throws Exception {
    TreeMap<String, byte[]> files = new TreeMap<>();
    for (String name : List.of("model.onnx", "model.onnx.data")) {
      files.put(name, Files.readAllBytes(MODEL.resolve(name)));
    }
    StringBuilder lines = new StringBuilder();
    for (String name : files.keySet()) {
      byte[] content = files.get(name);
      lines.append(sha256(content)).append(' ').append(content.length).append(' ');
      lines.append(name).append('\n');
    }
    assertThat(fingerprint(MODEL))
        .isEqualTo(sha256(lines.toString().getBytes(StandardCharsets.UTF_8)));
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  /** As the cache of huggingface_hub lays them: names that link to digests in another folder. */
  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links take a privilege")
  void isThatOfTheFilesBehindLinks() throws IOException {
    Path blobs = Files.createDirectories(folder.resolve("blobs"));
    Path snapshot = Files.createDirectories(folder.resolve("snapshots/main"));
    try (Stream<Path> files = Files.list(MODEL)) {
      int count = 0;
      for (Path file : files.toList()) {
        String blob = "blob" + count++;
        Files.copy(file, blobs.resolve(blob));
        Files.createSymbolicLink(
            snapshot.resolve(file.getFileName()), Path.of("../../blobs", blob));
      }
    }
    assertThat(fingerprint(snapshot)).isEqualTo(fingerprint(MODEL));
  }

  @Test
  void isThatOfTheWorkingFolder() throws Exception {
    assertThat(JavaProcess.run(MODEL, List.of(), Here.class)).isEqualTo("0 " + fingerprint(MODEL));
  }
}
