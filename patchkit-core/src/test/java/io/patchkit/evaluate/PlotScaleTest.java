package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlotScaleTest {

  @Test
  void reachesOverWhatItShows() {
    PlotScale scale = PlotScale.over(14.2, 26.1, 0, 100);
    assertThat(scale.ticks()).containsExactly(10.0, 15.0, 20.0, 25.0, 30.0);
    assertThat(scale.place(20)).isEqualTo(50);
  }

  @Test
  void hasReadableTicksWhereAllIsZero() {
    PlotScale scale = PlotScale.over(0, 0, 0, 100);
    assertThat(scale.ticks()).containsExactly(0.0, 0.5, 1.0);
    assertThat(scale.label(0.5, Metric.Unit.NUMBER)).isEqualTo("0.5");
  }
}
