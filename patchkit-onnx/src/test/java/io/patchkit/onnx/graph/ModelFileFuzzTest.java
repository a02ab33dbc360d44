package io.patchkit.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;

/**
 * Whatever the bytes of a {@code model.onnx}: a graph that reads the same once written, or that it
 * is corrupt or unsupported. docs/trust.md tells how a campaign is run.
 */
class ModelFileFuzzTest {

  private static Path folder = Path.of("");

  @BeforeAll
  static void create() throws IOException {
    folder = Files.createTempDirectory("model");
  }

  @FuzzTest
  void model(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("model.onnx"), bytes);
    try {
      ModelFile model = ModelFile.read(file);
      assertThat(model.digest()).hasSize(64);
      byte[] graph = model.graph().toBytes();
      assertThat(graph).isEqualTo(ModelFile.read(file).graph().toBytes());
    } catch (CorruptModelException | UnsupportedModelException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }
}
