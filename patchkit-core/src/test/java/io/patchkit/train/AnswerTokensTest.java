package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.ChatMessage;
import io.patchkit.Prompt;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerTokensTest {

  private final AnswerTokens whole = AnswerTokens.of(new int[] {4, 5}, new int[] {6, 7, 8});

  @Test
  void beginningKeepsThePromptAndTheFirstTokens() {
    assertThat(whole.first(2)).isEqualTo(AnswerTokens.of(new int[] {4, 5}, new int[] {6, 7}));
    assertThat(whole.first(3)).isEqualTo(whole);
    assertThat(whole.first(99)).isEqualTo(whole);
  }

  @Test
  void aTextWithoutTokensIsNamedByItsPrompt() {
    TinyModel model = new TinyModel(3);
    Prompt prompt =
        Prompt.chat(List.of(ChatMessage.system("be"), ChatMessage.user("abc".repeat(30))));
    Answer empty = new Answer("", false);
    String named = "the example '" + "abc".repeat(20) + "…': answer has no tokens";
    assertThatThrownBy(() -> AnswerTokens.of(model, prompt, empty))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(named);
    assertThatThrownBy(
            () -> PairTokens.of(model, new PreferencePair(prompt, empty, Answer.of("a"))))
        .hasMessageStartingWith(named);
    assertThatThrownBy(() -> PairTokens.of(model, PreferencePair.of(Prompt.text("ab"), "a", "a")))
        .hasMessageStartingWith("the example 'ab': chosen and rejected are equal");
  }

  @Test
  void beginningHasAtLeastOneToken() {
    assertThatThrownBy(() -> whole.first(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tokens is 0");
  }
}
