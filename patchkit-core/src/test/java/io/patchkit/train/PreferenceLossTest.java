package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.format.JsonObject;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PreferenceLossTest {

  private static final Map<String, PreferenceLoss> LOSSES =
      Map.of(
          "sigmoid", new PreferenceLoss.Sigmoid(),
          "smoothed", new PreferenceLoss.Sigmoid(0.1),
          "ipo", new PreferenceLoss.Ipo(),
          "hinge", new PreferenceLoss.Hinge());

  @Test
  void valuesAndSlopesAreThoseOfTrlDifferentiatedByTorch() {
    for (JsonObject run : TorchReference.load("pair_losses")) {
      PreferenceLoss loss = LOSSES.get(run.string("loss"));
      double beta = TorchReference.number(run, "beta");
      double[] h = TorchReference.numbers(run.array("h"));
      double[] value = TorchReference.numbers(run.array("value"));
      double[] slope = TorchReference.numbers(run.array("slope"));
      for (int i = 0; i < h.length; i++) {
        assertThat(loss.value(beta, h[i]))
            .as("%s at %s", loss, h[i])
            .isCloseTo(value[i], within(1e-12 * Math.max(1, value[i])));
        assertThat(loss.slope(beta, h[i]))
            .as("slope of %s at %s", loss, h[i])
            .isCloseTo(slope[i], within(1e-12 * Math.max(1, Math.abs(slope[i]))));
      }
    }
  }

  @Test
  void handWorkedValues() {
    assertThat(new PreferenceLoss.Sigmoid().value(0.1, 0)).isCloseTo(Math.log(2), within(1e-15));
    // βh = ln 3, so σ(βh) = 3/4.
    double h = Math.log(3) / 0.5;
    assertThat(new PreferenceLoss.Sigmoid().value(0.5, h))
        .isCloseTo(Math.log(4 / 3.0), within(1e-15));
    assertThat(new PreferenceLoss.Sigmoid(0.25).value(0.5, h))
        .isCloseTo(0.75 * Math.log(4 / 3.0) + 0.25 * Math.log(4), within(1e-15));
    assertThat(new PreferenceLoss.Ipo().value(0.25, 3)).isEqualTo(1);
    assertThat(new PreferenceLoss.Ipo().slope(0.25, 3)).isEqualTo(2);
    assertThat(new PreferenceLoss.Hinge().value(0.5, 1)).isEqualTo(0.5);
    assertThat(new PreferenceLoss.Hinge().slope(0.5, 3)).isZero();
  }

  @Test
  void refusesSmoothingThatTurnsLabelsRound() {
    assertThatThrownBy(() -> new PreferenceLoss.Sigmoid(0.5))
        .hasMessageContaining("labelSmoothing is 0.5");
  }
}
