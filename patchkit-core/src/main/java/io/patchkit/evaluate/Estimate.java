package io.patchkit.evaluate;

/**
 * A figure with its 95 % interval. All three are NaN where nothing is defined, such as for n = 0.
 *
 * @param value the figure
 * @param low lower end of the interval
 * @param high upper end of the interval
 * @param n items it was computed from, ≥ 0
 */
public record Estimate(double value, double low, double high, int n) {

  /** Below so many items a figure is marked: its interval is wide and its bootstrap poor. */
  public static final int FEW = 50;

  /** Standard normal quantile of 97.5 %. */
  static final double Z = 1.959963984540054;

  public Estimate {
    if (n < 0) {
      throw new IllegalArgumentException("n is " + n + "; allowed: at least 0");
    }
  }

  /**
   * A share with Wilson's score interval (Wilson 1927), which holds at 0 and 1 too.
   *
   * @param successes in 0 … n
   * @param n 0 gives an undefined share
   */
  public static Estimate ofShare(int successes, int n) {
    if (successes < 0 || successes > n) {
      throw new IllegalArgumentException(
          "successes is " + successes + "; allowed: 0 to n, which is " + n);
    }
    if (n == 0) {
      return undefined(0);
    }
    double share = (double) successes / n;
    double z2 = Z * Z / n;
    double centre = share + z2 / 2;
    double spread = Z * Math.sqrt(share * (1 - share) / n + z2 / (4.0 * n));
    double low = successes == 0 ? 0 : (centre - spread) / (1 + z2);
    double high = successes == n ? 1 : (centre + spread) / (1 + z2);
    return new Estimate(share, low, high, n);
  }

  static Estimate undefined(int n) {
    return new Estimate(Double.NaN, Double.NaN, Double.NaN, n);
  }

  /** Whether there is a figure. */
  public boolean isDefined() {
    return !Double.isNaN(value);
  }

  /** Whether it rests on fewer than {@value #FEW} items. */
  public boolean isOfFew() {
    return n < FEW;
  }

  /** Whether the interval holds a number, its ends included. */
  public boolean contains(double number) {
    return low <= number && number <= high;
  }
}
