package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.UnsupportedModelException;
import io.patchkit.train.DifferentiableModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In training an answer is closed by the token with which the model ends its turn, or refused. */
class TurnEndTest {

  private static final Path LLAMA = Path.of("src/test/resources/cases/llama");

  /** {@code </s>} and {@code <|im_end|>}. */
  private static final String STOP_TOKENS = "[2, 4]";

  private static final String NO_TEMPLATE = "";

  @TempDir Path folder;

  @Test
  void isTheStopTokenBehindWhatTheAssistantSays() throws IOException {
    assertThat(closed(STOP_TOKENS, template("{{ m.content }}"))).endsWith(4);
  }

  @Test
  void isTheOnlyStopTokenWhereNoTemplateTells() throws IOException {
    assertThat(closed("7", NO_TEMPLATE)).endsWith(7);
    assertThat(closed("[7]", template("{{ m.content|upper }}"))).endsWith(7);
  }

  @Test
  void isNoneOfSeveralWhereNoTemplateTells() throws IOException {
    assertNotTold("[7, 3]", NO_TEMPLATE, "[3, 7]");
    assertNotTold("null", NO_TEMPLATE, "[]");
  }

  /** What the template writes behind a user's words is not what it writes behind an answer. */
  @Test
  void isNotReadOffATemplateThatChangesTheWords() throws IOException {
    assertNotTold(STOP_TOKENS, template("{{ m.content|upper }}"), STOP_TOKENS);
  }

  @Test
  void isNotForAnAnswerToBring() throws IOException {
    Path folder = model(STOP_TOKENS, NO_TEMPLATE);
    try (OnnxModel model = OnnxModel.open(folder);
        DifferentiableModel differentiable = model.differentiable()) {
      assertThatThrownBy(() -> differentiable.encodeAnswer("Yes.</s>No.", true))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("</s>, a special token of the model");
    }
    OnnxOptions options = OnnxOptions.defaults().withSpecialTokensInMessages(true);
    try (OnnxModel model = OnnxModel.open(folder, options);
        DifferentiableModel differentiable = model.differentiable()) {
      assertThat(differentiable.encodeAnswer("Yes.</s>No.", false)).isNotEmpty();
    }
  }

  private static String template(String content) {
    return "{% for m in messages %}"
        + content
        + "{{ '</s>' if m.role == 'user' else '<|im_end|>' }}{% endfor %}";
  }

  private void assertNotTold(String stopTokens, String template, String found) {
    assertThatThrownBy(() -> closed(stopTokens, template))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("ends its turn")
        .hasMessageContaining("the stop tokens " + found);
  }

  private int[] closed(String stopTokens, String template) throws IOException {
    try (OnnxModel model = OnnxModel.open(model(stopTokens, template));
        DifferentiableModel differentiable = model.differentiable()) {
      int[] open = differentiable.encodeAnswer("Yes.", false);
      int[] closed = differentiable.encodeAnswer("Yes.", true);
      assertThat(closed).startsWith(open).hasSize(open.length + 1);
      return closed;
    }
  }

  /** The case with other stop tokens and another template. */
  private Path model(String stopTokens, String template) throws IOException {
    Path copy = Files.createTempDirectory(folder, "llama");
    try (Stream<Path> files = Files.list(LLAMA)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    for (String name : List.of("config.json", "generation_config.json")) {
      Path file = copy.resolve(name);
      Files.writeString(
          file,
          Files.readString(file)
              .replaceAll(
                  "\"eos_token_id\": *(\\d+|\\[[^]]*])", "\"eos_token_id\": " + stopTokens));
    }
    for (String name : List.of("tokenizer_config.json", "special_tokens_map.json")) {
      Files.writeString(copy.resolve(name), "{}");
    }
    if (template.isEmpty()) {
      Files.delete(copy.resolve("chat_template.jinja"));
    } else {
      Files.writeString(copy.resolve("chat_template.jinja"), template);
    }
    return copy;
  }
}
