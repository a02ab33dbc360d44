package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.format.JsonObject;
import org.junit.jupiter.api.Test;

class LearningRateTest {

  @Test
  void cosineIsTorchs() {
    for (JsonObject run : TorchReference.load("cosine")) {
      LearningRate cosine =
          new LearningRate.Cosine(
              TorchReference.number(run, "peak"), 0, TorchReference.number(run, "floor"));
      double[] rates = TorchReference.numbers(run.array("rates"));
      for (int step = 0; step < rates.length; step++) {
        assertThat(cosine.at(step, rates.length)).isCloseTo(rates[step], within(1e-15));
      }
    }
  }

  @Test
  void warmsUpInEqualStepsAndThenFalls() {
    LearningRate cosine = new LearningRate.Cosine(8, 4, 0);
    double[] rates = new double[8];
    for (int step = 0; step < 8; step++) {
      rates[step] = cosine.at(step, 8);
    }
    double root = Math.sqrt(0.5);
    assertThat(rates)
        .containsExactly(
            new double[] {2, 4, 6, 8, 8, 4 * (1 + root), 4, 4 * (1 - root)}, within(1e-12));
  }

  @Test
  void aTrainingShorterThanItsWarmUpOnlyRises() {
    assertThat(new LearningRate.Cosine(1, 10, 0).at(4, 5)).isEqualTo(0.5);
    assertThat(LearningRate.constant(0.01).at(7, 9)).isEqualTo(0.01);
  }

  @Test
  void refusesRatesThatAreNone() {
    assertThatThrownBy(() -> LearningRate.constant(0)).hasMessageContaining("rate is 0.0");
    assertThatThrownBy(() -> LearningRate.cosine(Double.POSITIVE_INFINITY))
        .hasMessageContaining("peak is Infinity");
    assertThatThrownBy(() -> new LearningRate.Cosine(1, -1, 0))
        .hasMessageContaining("warmUpSteps is -1");
    assertThatThrownBy(() -> new LearningRate.Cosine(1, 0, 1.1))
        .hasMessageContaining("floor is 1.1");
  }
}
