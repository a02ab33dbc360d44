package io.patchkit.evaluate;

/**
 * The items on which a variant and the baseline differ in a value that is 0 or 1: all that a paired
 * comparison of two shares rests on, besides the number of items.
 *
 * @param variant items that have 1 of the variant alone, ≥ 0
 * @param baseline items that have 1 of the baseline alone, ≥ 0
 */
public record DiscordantPairs(int variant, int baseline) {

  /** Halves an interval of length 2 down to the precision of a double. */
  private static final int BISECTIONS = 60;

  public DiscordantPairs {
    if (variant < 0 || baseline < 0) {
      throw new IllegalArgumentException(
          "variant is " + variant + " and baseline " + baseline + "; allowed: at least 0");
    }
  }

  /**
   * The p-value of McNemar's exact test (McNemar 1947), two-sided: with m the smaller of the two
   * numbers and n their sum, 2 · P(X ≤ m) for X ~ Binomial(n, ½), at most 1.
   */
  public double exactP() {
    int n = variant + baseline;
    int m = Math.min(variant, baseline);
    // The logarithm: 2^−n itself vanishes beyond 1074 pairs.
    double logTerm = -n * Math.log(2);
    double tail = 0;
    for (int k = 0; k <= m; k++) {
      tail += Math.exp(logTerm);
      logTerm += Math.log(n - k) - Math.log(k + 1);
    }
    return Math.min(1, 2 * tail);
  }

  /**
   * The variant's share less the baseline's, with Tango's score interval (Tango, Equivalence test
   * and confidence interval for the difference in proportions for the paired-sample design,
   * Statistics in Medicine 17, 1998): all differences δ that the score test does not refuse, |v − b
   * − nδ| ≤ z √(n (2q + δ(1 − δ))), where q is the likeliest probability that an item has 1 of the
   * baseline alone, given δ. It has a width also where no item differs, and excludes 0 exactly
   * where McNemar's test without a correction does, (v − b)² > z² (v + b).
   *
   * @param items all items of the comparison, at least those that differ; 0 gives an undefined one
   */
  public Estimate difference(int items) {
    if (items < variant + baseline) {
      throw new IllegalArgumentException(
          "items is " + items + "; allowed: at least " + (variant + baseline) + ", which differ");
    }
    if (items == 0) {
      return Estimate.undefined(0);
    }
    double value = (double) (variant - baseline) / items;
    double low = lowerEnd(variant, baseline, items);
    double high = -lowerEnd(baseline, variant, items);
    return new Estimate(value, low, high, items);
  }

  /** The smallest difference that is not refused, by bisection between −1 and the observed one. */
  private static double lowerEnd(int variant, int baseline, int n) {
    double refused = -1;
    double kept = (double) (variant - baseline) / n;
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (refused + kept) / 2;
      if (isRefused(middle, variant, baseline, n)) {
        refused = middle;
      } else {
        kept = middle;
      }
    }
    return kept;
  }

  private static boolean isRefused(double delta, int variant, int baseline, int n) {
    double distance = variant - baseline - n * delta;
    double variance = 2 * baselineAlone(delta, variant, baseline, n) + delta * (1 - delta);
    return distance * distance > Estimate.Z * Estimate.Z * n * variance;
  }

  /** The likeliest probability that an item has 1 of the baseline alone, given the difference. */
  private static double baselineAlone(double delta, int variant, int baseline, int n) {
    double b = -variant - baseline + (2.0 * n - variant + baseline) * delta;
    double c = -baseline * delta * (1 - delta);
    double root = Math.sqrt(Math.max(0, b * b - 8.0 * n * c));
    // The form that does not subtract what is nearly equal.
    return b > 0 ? -2 * c / (root + b) : (root - b) / (4.0 * n);
  }
}
