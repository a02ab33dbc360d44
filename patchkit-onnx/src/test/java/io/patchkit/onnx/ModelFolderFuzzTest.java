package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.patchkit.CorruptModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;

/**
 * Whatever a model folder's configuration says: what is known of the model, or that it is corrupt.
 * docs/trust.md tells how a campaign is run.
 */
class ModelFolderFuzzTest {

  private static Path folder = Path.of("");

  @BeforeAll
  static void create() throws IOException {
    folder = Files.createTempDirectory("model");
    Files.createFile(folder.resolve("model.onnx"));
  }

  /** The same text as each of the three files that may be there. */
  @FuzzTest
  void configuration(byte[] json) throws IOException {
    for (String name :
        new String[] {"config.json", "genai_config.json", "generation_config.json"}) {
      Files.write(folder.resolve(name), json);
    }
    try {
      ModelFolder model = ModelFolder.read(folder, null);
      assertThat(model.contextLength()).isPositive();
      assertThat(model.graph()).startsWith(folder);
    } catch (CorruptModelException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }
}
