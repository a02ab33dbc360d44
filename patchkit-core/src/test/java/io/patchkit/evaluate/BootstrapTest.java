package io.patchkit.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class BootstrapTest {

  private static final Statistic RATIO = Statistic.ratio("x", "y");

  @Test
  void givesNumpysPercentilesOnGivenDraws() {
    JsonObject given = ReferenceValues.part("draws");
    double[][] rows = ReferenceValues.matrix(given.array("rows"));
    double[][] baseline = ReferenceValues.matrix(given.array("baseline"));
    List<int[]> draws = Arrays.asList(draws(given.array("draws")));
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
    Iterable<int[]> draws = Bootstrap.draws(a.length, 9999, 7);
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
    Iterable<int[]> draws = Bootstrap.draws(9, 20, 3);
    List<List<Integer>> first = lists(draws);
    assertThat(first).hasSize(20).allMatch(draw -> draw.size() == 9);
    assertThat(lists(draws)).as("gone through again").isEqualTo(first);
    assertThat(lists(Bootstrap.draws(9, 20, 3))).isEqualTo(first);
    assertThat(lists(Bootstrap.draws(9, 20, 4)).get(0)).isNotEqualTo(first.get(0));
    assertThat(lists(Bootstrap.draws(9, 1, 3))).isEqualTo(first.subList(0, 1));
  }

  /** As SplittableRandom(3) gives them, draw by draw. */
  @Test
  void drawsFromOneGenerator() {
    SplittableRandom random = new SplittableRandom(3);
    for (List<Integer> draw : lists(Bootstrap.draws(5, 4, 3))) {
      for (int index : draw) {
        assertThat(index).isEqualTo(random.nextInt(5));
      }
    }
  }

  /** All draws of 10,000 items at once would be 80 MB. */
  @Test
  void holdsOneDrawAtATime() {
    Iterator<int[]> draws = Bootstrap.draws(9, Bootstrap.RESAMPLES, 1).iterator();
    assertThat(draws.next()).isSameAs(draws.next());
  }

  private static List<List<Integer>> lists(Iterable<int[]> draws) {
    List<List<Integer>> lists = new ArrayList<>();
    for (int[] draw : draws) {
      lists.add(Arrays.stream(draw).boxed().toList());
    }
    return lists;
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
