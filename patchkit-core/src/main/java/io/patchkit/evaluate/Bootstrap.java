package io.patchkit.evaluate;

import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Percentile bootstrap over items: the figure is computed anew on items drawn with replacement, and
 * the interval reaches from the 2.5th to the 97.5th percentile of the results, interpolated
 * linearly. A paired difference draws the same items for both sides.
 */
final class Bootstrap {

  /** Draws; the percentiles' own error is then about a tenth of the interval. */
  static final int RESAMPLES = 2000;

  private static final double TAIL = 0.025;

  private Bootstrap() {}

  /**
   * Index sets to compute figures on, drawn anew and equal each time they are gone through: all of
   * them together would take 8 KB an item.
   *
   * @return so many times n indices in 0 … n − 1, in one array, which the next draw overwrites
   */
  static Iterable<int[]> draws(int n, int resamples, long seed) {
    return () -> {
      SplittableRandom random = new SplittableRandom(seed);
      int[] draw = new int[n];
      return IntStream.range(0, resamples)
          .mapToObj(
              resample -> {
                for (int i = 0; i < n; i++) {
                  draw[i] = random.nextInt(n);
                }
                return draw;
              })
          .iterator();
    };
  }

  /**
   * The figure of some items with its interval.
   *
   * @param rows [n][fields], n ≥ 1
   */
  static Estimate estimate(
      double[][] rows, ToDoubleFunction<double[]> figure, Iterable<int[]> draws) {
    DoubleStream.Builder results = DoubleStream.builder();
    for (int[] draw : draws) {
      results.add(figure.applyAsDouble(means(rows, draw)));
    }
    return estimate(
        figure.applyAsDouble(means(rows, all(rows.length))), results.build(), rows.length);
  }

  /** The difference of a figure between two sides that saw the same items, with its interval. */
  static Estimate difference(
      double[][] rows,
      double[][] baseline,
      ToDoubleFunction<double[]> figure,
      Iterable<int[]> draws) {
    DoubleStream.Builder results = DoubleStream.builder();
    for (int[] draw : draws) {
      results.add(
          figure.applyAsDouble(means(rows, draw)) - figure.applyAsDouble(means(baseline, draw)));
    }
    int[] all = all(rows.length);
    double value =
        figure.applyAsDouble(means(rows, all)) - figure.applyAsDouble(means(baseline, all));
    return estimate(value, results.build(), rows.length);
  }

  private static Estimate estimate(double value, DoubleStream results, int n) {
    if (!Double.isFinite(value)) {
      return Estimate.undefined(n);
    }
    // A draw can leave a ratio undefined; it says nothing.
    double[] defined = results.filter(Double::isFinite).sorted().toArray();
    return new Estimate(value, percentile(defined, TAIL), percentile(defined, 1 - TAIL), n);
  }

  /** Linear interpolation between order statistics, as numpy's default. */
  static double percentile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) Math.floor(place);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }

  private static int[] all(int n) {
    int[] all = new int[n];
    for (int i = 0; i < n; i++) {
      all[i] = i;
    }
    return all;
  }

  private static double[] means(double[][] rows, int[] draw) {
    double[] means = new double[rows[0].length];
    for (int index : draw) {
      for (int k = 0; k < means.length; k++) {
        means[k] += rows[index][k];
      }
    }
    for (int k = 0; k < means.length; k++) {
      means[k] /= draw.length;
    }
    return means;
  }
}
