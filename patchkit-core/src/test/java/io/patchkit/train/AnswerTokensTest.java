package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
  void beginningHasAtLeastOneToken() {
    assertThatThrownBy(() -> whole.first(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tokens is 0");
  }
}
