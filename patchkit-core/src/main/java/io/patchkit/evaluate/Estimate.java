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

  public Estimate {
    if (n < 0) {
      throw new IllegalArgumentException("n is " + n + "; allowed: at least 0");
    }
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
