package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class BootstrapTest {

  private static final Statistic RATIO = Statistic.ratio("x", "y");

  @Test
  void givesNumpysPercentilesOnGivenDraws() {
    JsonObject given = ReferenceValues.part("draws");
    double[][] rows = ReferenceValues.matrix(given.array("rows"));
    double[][] baseline = ReferenceValues.matrix(given.array("baseline"));
    int[][] draws = draws(given.array("draws"));
    assertEqual(
        Bootstrap.estimate(rows, RATIO.ofMeans(), draws), given.array("ratio"), within(1e-12));
    assertEqual(
        Bootstrap.difference(rows, baseline, RATIO.ofMeans(), draws),
        given.array("difference"),
        within(1e-12));
  }

  /** scipy.stats.bootstrap draws by itself, so the ends agree up to the error of drawing. */
  @Test
  void givesScipysIntervalsUpToTheDraws() {
    JsonObject given = ReferenceValues.part("scipy");
    double[][] a = column(given.array("a"));
    double[][] b = column(given.array("b"));
    Statistic mean = Statistic.mean("x");
    int[][] draws = Bootstrap.draws(a.length, 9999, 7);
    Offset<Double> error = within(0.1 * given.number("standard_error", 0, 1));
    assertEqual(Bootstrap.estimate(a, mean.ofMeans(), draws), given.array("mean"), error);
    assertEqual(
        Bootstrap.difference(b, a, mean.ofMeans(), draws), given.array("difference"), error);
  }

  @Test
  void givesScipysWilsonIntervals() {
    JsonArray cases = ReferenceValues.list("wilson");
    for (int i = 0; i < cases.size(); i++) {
      double[] expected = ReferenceValues.numbers(cases.array(i));
      Estimate found = Estimate.ofShare((int) expected[0], (int) expected[1]);
      assertThat(found.value()).isEqualTo(expected[0] / expected[1]);
      assertThat(found.low()).isCloseTo(expected[2], within(1e-12));
      assertThat(found.high()).isCloseTo(expected[3], within(1e-12));
    }
    assertThat(Estimate.ofShare(0, 0).isDefined()).isFalse();
  }

  @Test
  void drawsTheSameForOneSeed() {
    assertThat(Bootstrap.draws(9, 20, 3)).isDeepEqualTo(Bootstrap.draws(9, 20, 3));
    assertThat(Bootstrap.draws(9, 20, 4)[0]).isNotEqualTo(Bootstrap.draws(9, 20, 3)[0]);
  }

  private static void assertEqual(Estimate found, JsonArray expected, Offset<Double> error) {
    double[] numbers = ReferenceValues.numbers(expected);
    assertThat(found.value()).isCloseTo(numbers[0], within(1e-12));
    assertThat(found.low()).isCloseTo(numbers[1], error);
    assertThat(found.high()).isCloseTo(numbers[2], error);
  }

  private static int[][] draws(JsonArray array) {
    double[][] numbers = ReferenceValues.matrix(array);
    int[][] draws = new int[numbers.length][];
    for (int i = 0; i < draws.length; i++) {
      draws[i] = new int[numbers[i].length];
      for (int k = 0; k < draws[i].length; k++) {
        draws[i][k] = (int) numbers[i][k];
      }
    }
    return draws;
  }

  private static double[][] column(JsonArray array) {
    double[] numbers = ReferenceValues.numbers(array);
    double[][] column = new double[numbers.length][];
    for (int i = 0; i < column.length; i++) {
      column[i] = new double[] {numbers[i]};
    }
    return column;
  }
}
