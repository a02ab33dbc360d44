package io.patchkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class GenerationTest {

  private static Generation of(List<Integer> tokens, List<Double> logProbabilities) {
    return new Generation(
        "", tokens, logProbabilities, FinishReason.STOP_TOKEN, 0, 1, Duration.ZERO, Duration.ZERO);
  }

  @Test
  void givesItsTokensAsIds() {
    Generation generation = of(List.of(7, 8), List.of());
    generation.tokenIds()[0] = 9;
    assertThat(generation.tokenIds()).containsExactly(7, 8);
    assertThat(of(List.of(), List.of()).tokenIds()).isEmpty();
  }

  @Test
  void hasALogProbabilityForEachTokenOrNone() {
    assertThat(of(List.of(7, 8), List.of(-1.0, -0.5)).logProbabilities())
        .containsExactly(-1.0, -0.5);
    assertThat(of(List.of(7, 8), List.of()).logProbabilities()).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of(List.of(7, 8), List.of(-1.0)))
        .withMessage(
            "logProbabilities has 1 numbers; allowed: one for each of the 2 tokens, or none");
  }
}
