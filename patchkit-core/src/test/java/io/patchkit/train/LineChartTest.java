package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.train.LineChart.Axis;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class LineChartTest {

  @Test
  void ticksAreRoundNumbersAroundTheValues() {
    assertThat(labels(Axis.over(0, 5))).containsExactly("0", "1", "2", "3", "4", "5");
    assertThat(labels(Axis.over(0.13, 1.54))).containsExactly("0.0", "0.5", "1.0", "1.5", "2.0");
    assertThat(labels(Axis.over(-0.02, 0.06)))
        .containsExactly("-0.02", "0.00", "0.02", "0.04", "0.06");
    assertThat(labels(Axis.over(0.3, 0.7))).containsExactly("0.3", "0.4", "0.5", "0.6", "0.7");
    assertThat(labels(Axis.over(0, 200))).containsExactly("0", "50", "100", "150", "200");
    assertThat(labels(Axis.over(0, 2e-5)))
        .containsExactly("0", "5.0e-06", "1.0e-05", "1.5e-05", "2.0e-05");
    assertThat(Axis.over(3, 3)).satisfies(axis -> assertThat(axis.to()).isGreaterThan(axis.from()));
  }

  @Property(tries = 300)
  void theAxisHoldsAllValuesWithAHandfulOfTicks(
      @ForAll @DoubleRange(min = -1e6, max = 1e6) double a,
      @ForAll @DoubleRange(min = -1e6, max = 1e6) double b) {
    Axis axis = Axis.over(Math.min(a, b), Math.max(a, b));
    double slack = axis.step() * 1e-6;
    assertThat(axis.from()).isLessThanOrEqualTo(Math.min(a, b) + slack);
    assertThat(axis.to()).isGreaterThanOrEqualTo(Math.max(a, b) - slack);
    assertThat(axis.ticks()).hasSizeBetween(2, 8);
  }

  @Test
  void manyPointsAreAveraged() {
    List<double[]> points = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      points.add(new double[] {i, 2 * i});
    }
    List<double[]> thinned = LineChart.thinned(points);
    assertThat(thinned).hasSize(334);
    assertThat(thinned.get(0)).containsExactly(1, 2);
    assertThat(thinned.get(333)).containsExactly(999, 1998);
    assertThat(LineChart.thinned(points.subList(0, 400))).hasSize(400);
  }

  @Test
  void aTremblingCurveIsSmoothedOverItsNeighbours() {
    List<double[]> points = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      points.add(new double[] {i, i % 3 == 0 ? 3 : 0});
    }
    assertThat(LineChart.trembles(points)).isTrue();
    assertThat(LineChart.trembles(points.subList(0, 39))).isFalse();
    List<double[]> smoothed = LineChart.smoothed(points);
    assertThat(smoothed).hasSize(60);
    // Of 0 to 3 two are threes, of 27 to 33 three, of 28 to 34 two, of 56 to 59 one.
    assertThat(smoothed.get(0)[1]).isEqualTo(6 / 4.0);
    assertThat(smoothed.get(30)[1]).isEqualTo(9 / 7.0);
    assertThat(smoothed.get(31)[1]).isEqualTo(6 / 7.0);
    assertThat(smoothed.get(59)[1]).isEqualTo(3 / 4.0);
  }

  private static List<String> labels(Axis axis) {
    return axis.ticks().stream().map(axis::label).toList();
  }
}
