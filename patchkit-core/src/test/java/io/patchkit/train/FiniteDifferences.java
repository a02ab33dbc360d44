package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.Prefix;
import java.util.function.ToDoubleFunction;

/** The oracle of every gradient here: (f(x + ε) − f(x − ε)) / 2ε in each number. */
final class FiniteDifferences {

  /** A power of two, so that floats of order one move by exactly as much. */
  private static final float STEP = 0x1p-9f;

  private FiniteDifferences() {}

  static void assertGradient(Prefix at, double[] gradient, ToDoubleFunction<Prefix> function) {
    float[] numbers = TrainingState.numbers(at);
    assertThat(gradient).hasSize(numbers.length);
    for (int i = 0; i < numbers.length; i++) {
      float[] up = numbers.clone();
      float[] down = numbers.clone();
      up[i] += STEP;
      down[i] -= STEP;
      double slope =
          (function.applyAsDouble(TrainingState.prefix(at, up))
                  - function.applyAsDouble(TrainingState.prefix(at, down)))
              / ((double) up[i] - down[i]);
      assertThat(gradient[i]).as("number %d", i).isCloseTo(slope, within(2e-5));
    }
  }
}
