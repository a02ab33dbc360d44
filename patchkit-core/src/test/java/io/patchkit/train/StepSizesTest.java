package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.SoftPrompt;
import org.junit.jupiter.api.Test;

class StepSizesTest {

  private static final double TINY = 1e-7;

  /** Two positions of one head with two numbers: keys and values of layer 0, then of layer 1. */
  private final KeyValuePrefix prefix =
      KeyValuePrefix.of(
          2, 1, 2, new float[] {9, 9, 9, 9, 9, 9, 9, 9, 3, 4, 0.6f, 0.8f, 0, 0, -5, 12});

  @Test
  void eachPlaneHasTheRootMeanSquareOfItsNumbers() {
    StepSizes sizes = StepSizes.relativeTo(prefix, 1);
    double[] planes = {Math.sqrt(12.5), Math.sqrt(0.5), 1e-3, Math.sqrt(84.5)};
    for (int i = 0; i < 16; i++) {
      assertThat(sizes.of(i)).as("number %d", i).isCloseTo(planes[i / 2 % 4], within(TINY));
    }
  }

  @Test
  void allPositionsCountWhereNoneIsFrozen() {
    assertThat(StepSizes.relativeTo(prefix, 0).of(0))
        .isCloseTo(Math.sqrt((81 + 81 + 9 + 16) / 4.0), within(TINY));
  }

  @Test
  void aSoftPromptIsOnePlane() {
    SoftPrompt soft = SoftPrompt.of(3, EmbeddingSpace.LAYER_INPUT, new float[] {1, 2, 2, 4, 0, 4});
    StepSizes sizes = StepSizes.relativeTo(soft, 0);
    assertThat(sizes.of(0)).isEqualTo(sizes.of(5)).isCloseTo(Math.sqrt(41 / 6.0), within(TINY));
  }

  @Test
  void equalSizesAreOne() {
    assertThat(StepSizes.equal().of(0)).isEqualTo(1);
    assertThat(StepSizes.equal().of(12_345)).isEqualTo(1);
  }
}
