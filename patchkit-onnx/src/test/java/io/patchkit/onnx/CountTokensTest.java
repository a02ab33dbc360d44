package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.ChatMessage;
import io.patchkit.ContextOverflowException;
import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import io.patchkit.Patch;
import io.patchkit.Prompt;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class CountTokensTest {

  private static final Path LLAMA = Path.of("src/test/resources/cases/llama");

  private static final Prompt.Chat CHAT =
      Prompt.chat(List.of(ChatMessage.user("How?"), ChatMessage.assistant("Sure,")));

  private static final List<Prompt> PROMPTS =
      List.of(
          Prompt.text("The river"),
          new Prompt.Text("The river", false),
          Prompt.text(""),
          Prompt.tokens(5, 6, 7),
          CHAT,
          CHAT.continuing());

  /** With and without patches, whose virtual tokens do not count. */
  @Test
  void countsWhatIsFed() {
    GenerationOptions options = GenerationOptions.defaults().withMaxNewTokens(1);
    try (OnnxModel model = OnnxModel.open(LLAMA)) {
      LanguageModel patched = model.withPatch(Patch.fromPeft(LLAMA.resolve("peft-a")));
      long encoded = model.metrics().prefilledTokens();
      for (Prompt prompt : PROMPTS) {
        assertThat(patched.countTokens(prompt)).isEqualTo(model.countTokens(prompt)).isPositive();
      }
      assertThat(model.metrics().prefilledTokens()).isEqualTo(encoded);
      for (Prompt prompt : PROMPTS) {
        assertThat(model.countTokens(prompt))
            .isEqualTo(patched.generate(prompt, options).promptTokens());
      }
      assertThat(model.countTokens(CHAT)).isGreaterThan(model.countTokens(CHAT.continuing()));
    }
  }

  /** The rule that the Javadoc gives is the one that requests are held to. */
  @Test
  void tellsWhatFits() {
    try (OnnxModel model = OnnxModel.open(LLAMA)) {
      LanguageModel patched = model.withPatch(Patch.fromPeft(LLAMA.resolve("peft-a")));
      int room =
          patched.shape().contextLength()
              - patched.patches().prefixLength()
              - patched.countTokens(CHAT);
      GenerationOptions options = GenerationOptions.defaults();
      patched.stream(CHAT, options.withMaxNewTokens(room)).close();
      assertThatThrownBy(() -> patched.stream(CHAT, options.withMaxNewTokens(room + 1)))
          .isInstanceOf(ContextOverflowException.class);
    }
  }
}
