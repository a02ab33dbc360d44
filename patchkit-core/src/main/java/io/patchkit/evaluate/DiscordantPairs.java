package io.patchkit.evaluate;

/**
 * The items on which a variant and the baseline differ in a value that is 0 or 1: all that a paired
 * comparison of two shares rests on.
 *
 * @param variant items that have 1 of the variant alone, ≥ 0
 * @param baseline items that have 1 of the baseline alone, ≥ 0
 */
public record DiscordantPairs(int variant, int baseline) {

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
}
