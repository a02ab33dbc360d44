package io.patchkit.onnx.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/**
 * Whatever a model folder's text files hold: a value, or that the model is corrupt. docs/trust.md
 * tells how a campaign is run.
 */
class TokenizerFilesFuzzTest {

  private static Path folder = Path.of("");

  @BeforeAll
  static void create() throws IOException {
    folder = Files.createTempDirectory("model");
  }

  /** {@code tokenizer.json} as far as it is read here; the native library reads it, too. */
  @FuzzTest
  void definition(byte[] json) {
    try {
      TokenizerDefinition definition = TokenizerDefinition.parse(json);
      assertThat(definition.size()).isBetween(0, 1 << 24);
    } catch (IOException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  @FuzzTest
  void configuration(byte[] json) throws IOException {
    Files.write(folder.resolve("tokenizer_config.json"), json);
    try {
      SpecialTokens tokens = SpecialTokens.load(folder);
      ChatTemplate template = ChatTemplate.load(folder, tokens, Clock.systemUTC());
      if (template.isPresent()) {
        assertThat(template.render(List.of(), true)).isNotNull();
      }
    } catch (CorruptModelException | UnsupportedModelException | IllegalArgumentException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }
}
