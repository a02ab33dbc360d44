package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a model folder may say what it says. */
class ModelFolderTest {

  private static final Path LLAMA = Path.of("src/test/resources/cases/llama");
  private static final Logger LOGGER = Logger.getLogger(ModelFolder.class.getName());

  @TempDir Path folder;

  private final List<String> logged = new ArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord event) {
          logged.add(event.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void copyModel() throws IOException {
    LOGGER.addHandler(handler);
    LOGGER.setUseParentHandlers(false);
    for (String name : List.of("model.onnx", "tokenizer.json")) {
      Files.copy(LLAMA.resolve(name), folder.resolve(name));
    }
  }

  @AfterEach
  void removeHandler() {
    LOGGER.removeHandler(handler);
    LOGGER.setUseParentHandlers(true);
  }

  @Test
  void readsThePartOnTheTextModel() throws IOException {
    ModelFolder read =
        read(
            """
            {"model_type": "gemma3", "text_config": {"max_position_embeddings": 128,
              "head_dim": 24, "eos_token_id": [2, 4], "bos_token_id": 1}}
            """,
            "{\"eos_token\": \"<pad>\"}");
    assertThat(read.stopTokens()).containsExactly(2, 4);
    assertThat(read.bosToken()).hasValue(1);
    assertThat(read.headDim()).hasValue(24);
    assertThat(logged).isEmpty();
  }

  @Test
  void whatIsSaidOutsideThatPartCountsFirst() throws IOException {
    ModelFolder read =
        read(
            """
            {"hidden_size": 32, "num_attention_heads": 4, "eos_token_id": 4,
             "text_config": {"max_position_embeddings": 128, "head_dim": 24, "eos_token_id": 2}}
            """,
            "{}");
    assertThat(read.stopTokens()).containsExactly(4);
    assertThat(read.headDim()).hasValue(8);
  }

  @Test
  void takesTheTokenThatTheTokenizerNames() throws IOException {
    String config = "{\"max_position_embeddings\": 128}";
    assertThat(read(config, "{\"eos_token\": \"</s>\"}").stopTokens()).containsExactly(2);
    assertThat(read(config, "{\"eos_token\": {\"content\": \"<|im_end|>\"}}").stopTokens())
        .containsExactly(4);
    assertThat(logged).isEmpty();
  }

  @Test
  void warnsThatNothingEndsATextWhereNoFileNamesAToken() throws IOException {
    String config = "{\"max_position_embeddings\": 128}";
    assertThat(read(config, "{}").stopTokens()).isEmpty();
    assertThat(read(config, "{\"eos_token\": \"<none>\"}").stopTokens()).isEmpty();
    assertThat(logged)
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).contains("which token ends a text"));
  }

  private ModelFolder read(String config, String tokenizerConfig) throws IOException {
    Files.writeString(folder.resolve("config.json"), config);
    Files.writeString(folder.resolve("tokenizer_config.json"), tokenizerConfig);
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      return ModelFolder.read(folder, null).completedBy(tokenizer);
    }
  }
}
