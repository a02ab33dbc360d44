package io.patchkit.onnx.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;

/**
 * Whatever the bytes of a checkpoint: a model, or that it is damaged or unsupported. docs/trust.md
 * tells how a campaign is run.
 */
class GgufFuzzTest {

  private static Path file = Path.of("");

  @BeforeAll
  static void create() throws IOException {
    file = Files.createTempFile("checkpoint", ".gguf");
  }

  @FuzzTest
  void header(byte[] bytes) throws IOException {
    Files.write(file, bytes);
    try (GgufFile checkpoint = GgufFile.open(file)) {
      for (GgufTensor tensor : checkpoint.tensors().values()) {
        assertThat(tensor.offset() + tensor.bytes()).isLessThanOrEqualTo(bytes.length);
      }
    } catch (CorruptModelException | UnsupportedModelException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  /** All of an import but its weights. */
  @FuzzTest
  void model(byte[] bytes) throws IOException {
    Files.write(file, bytes);
    try (GgufFile checkpoint = GgufFile.open(file)) {
      LlamaConfig config = LlamaConfig.of(checkpoint);
      TokenizerModel tokenizer = TokenizerModel.of(checkpoint.metadata(), config.vocabulary());
      TokenizerJson.write(OutputStream.nullOutputStream(), tokenizer);
      WeightPlan weights = new WeightPlan("model.onnx.data");
      assertThat(LlamaGraph.build(checkpoint, config, weights, false).toBytes()).isNotEmpty();
    } catch (CorruptModelException | UnsupportedModelException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }
}
