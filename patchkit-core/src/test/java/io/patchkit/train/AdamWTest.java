package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import org.junit.jupiter.api.Test;

class AdamWTest {

  @Test
  void followsTorchWithAndWithoutDecayAndClipping() {
    for (JsonObject run : TorchReference.load("adamw")) {
      AdamW adamW =
          new AdamW(
              TorchReference.number(run, "beta1"),
              TorchReference.number(run, "beta2"),
              TorchReference.number(run, "epsilon"),
              TorchReference.number(run, "weight_decay"));
      Double maxNorm = run.optionalNumber("max_norm", 0, 100);
      float[] parameters = TorchReference.floats(run.array("start"));
      AdamW.Moments moments = AdamW.Moments.zero(parameters.length);
      JsonArray gradients = run.array("gradients");
      assertThat(gradients.size()).isEqualTo(40);
      for (int i = 0; i < gradients.size(); i++) {
        double[] gradient = TorchReference.numbers(gradients.array(i));
        if (maxNorm != null) {
          GradientClipping.clip(gradient, GradientClipping.norm(gradient, 0), maxNorm);
        }
        adamW.step(
            parameters,
            gradient,
            moments,
            i + 1,
            TorchReference.number(run, "lr"),
            StepSizes.equal(),
            0);
        double[] expected = TorchReference.numbers(run.array("parameters").array(i));
        for (int j = 0; j < expected.length; j++) {
          // The parameters are floats: each step may round by half a unit in the last place.
          double rounding = 0.5 * (i + 1) * Math.ulp((float) expected[j]);
          assertThat((double) parameters[j])
              .as("step %d, parameter %d", i, j)
              .isCloseTo(expected[j], within(1e-7 + rounding));
        }
      }
      assertThat(moments.first)
          .containsExactly(TorchReference.floats(run.array("moment1")), within(1e-5f));
      float[] second = TorchReference.floats(run.array("moment2"));
      for (int i = 0; i < second.length; i++) {
        assertThat(moments.second[i]).isCloseTo(second[i], within(1e-5f * second[i] + 1e-12f));
      }
    }
  }

  @Test
  void theFirstStepIsTheLearningRateAgainstTheSignOfTheGradient() {
    float[] parameters = {1, 1, 1};
    AdamW.defaults()
        .step(
            parameters,
            new double[] {3, -0.02, 0},
            AdamW.Moments.zero(3),
            1,
            0.5,
            StepSizes.equal(),
            0);
    assertThat(parameters).containsExactly(new float[] {0.5f, 1.5f, 1}, within(1e-6f));
  }

  @Test
  void leavesFrozenParametersAndTheirMomentsAlone() {
    float[] parameters = {1, 2, 3};
    AdamW.Moments moments = AdamW.Moments.zero(3);
    AdamW.defaults()
        .withWeightDecay(0.1)
        .step(parameters, new double[] {1, 1, 1}, moments, 1, 0.1, StepSizes.equal(), 2);
    assertThat(parameters).startsWith(1, 2).doesNotContain(3);
    assertThat(moments.first).startsWith(0, 0);
  }

  @Test
  void clipsOnlyWhatIsTooLong() {
    double[] gradient = {3, 4};
    assertThat(GradientClipping.norm(gradient, 0)).isEqualTo(5);
    assertThat(GradientClipping.norm(gradient, 1)).isEqualTo(4);
    GradientClipping.clip(gradient, 5, 10);
    assertThat(gradient).containsExactly(3, 4);
    GradientClipping.clip(gradient, 5, Double.POSITIVE_INFINITY);
    assertThat(gradient).containsExactly(3, 4);
    GradientClipping.clip(gradient, 5, 1);
    assertThat(gradient).containsExactly(new double[] {0.6, 0.8}, within(1e-6));
  }

  @Test
  void refusesWhatIsNoHyperParameter() {
    assertThatThrownBy(() -> new AdamW(1, 0.9, 1e-8, 0)).hasMessageContaining("beta1 is 1.0");
    assertThatThrownBy(() -> new AdamW(0.9, -1, 1e-8, 0)).hasMessageContaining("beta2 is -1.0");
    assertThatThrownBy(() -> new AdamW(0.9, 0.9, 0, 0)).hasMessageContaining("epsilon is 0.0");
    assertThatThrownBy(() -> AdamW.defaults().withWeightDecay(Double.NaN))
        .hasMessageContaining("weightDecay is NaN");
  }
}
