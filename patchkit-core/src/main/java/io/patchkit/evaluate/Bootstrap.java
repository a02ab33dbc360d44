package io.patchkit.evaluate;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

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
   * Index sets to compute figures on.
   *
   * @return [resamples][n], each in 0 … n − 1
   */
  static int[][] draws(int n, int resamples, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[][] draws = new int[resamples][n];
    for (int[] draw : draws) {
      for (int i = 0; i < n; i++) {
        draw[i] = random.nextInt(n);
      }
    }
    return draws;
  }

  /**
   * The figure of some items with its interval.
   *
   * @param rows [n][fields], n ≥ 1
   */
  static Estimate estimate(double[][] rows, ToDoubleFunction<double[]> figure, int[][] draws) {
    double[] results = new double[draws.length];
    for (int b = 0; b < draws.length; b++) {
      results[b] = figure.applyAsDouble(means(rows, draws[b]));
    }
    return estimate(figure.applyAsDouble(means(rows, all(rows.length))), results, rows.length);
  }

  /** The difference of a figure between two sides that saw the same items, with its interval. */
  static Estimate difference(
      double[][] rows, double[][] baseline, ToDoubleFunction<double[]> figure, int[][] draws) {
    double[] results = new double[draws.length];
    for (int b = 0; b < draws.length; b++) {
      results[b] =
          figure.applyAsDouble(means(rows, draws[b]))
              - figure.applyAsDouble(means(baseline, draws[b]));
    }
    int[] all = all(rows.length);
    double value =
        figure.applyAsDouble(means(rows, all)) - figure.applyAsDouble(means(baseline, all));
    return estimate(value, results, rows.length);
  }

  private static Estimate estimate(double value, double[] results, int n) {
    if (!Double.isFinite(value)) {
      return Estimate.undefined(n);
    }
    // A draw can leave a ratio undefined; it says nothing.
    double[] defined = Arrays.stream(results).filter(Double::isFinite).toArray();
    Arrays.sort(defined);
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
