package io.patchkit.onnx.decode;

/**
 * The exponential function for sampling weights: 1e-9 relative instead of Math.exp's last digit,
 * and several times faster, because nucleus sampling needs it for the whole vocabulary. x = n·ln 2
 * + r with |r| ≤ ln 2 / 2; exp r from its Taylor polynomial of degree 8, and 2ⁿ put together from
 * its bits.
 */
final class Exponential {

  private static final double LOG2_E = 1.4426950408889634;
  private static final double LN2 = 0.6931471805599453;

  /** Below this the result is taken as 0: smaller than any share of a sum that holds 1. */
  private static final double LEAST = -700;

  private Exponential() {}

  /**
   * exp x.
   *
   * @param x at most 0, as the distance to the largest logit is
   */
  static double of(double x) {
    if (x < LEAST) {
      return 0;
    }
    double n = Math.rint(x * LOG2_E);
    double r = x - n * LN2;
    double p = 1 / 40320.0;
    p = p * r + 1 / 5040.0;
    p = p * r + 1 / 720.0;
    p = p * r + 1 / 120.0;
    p = p * r + 1 / 24.0;
    p = p * r + 1 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    return p * Double.longBitsToDouble(((long) n + 1023) << 52);
  }
}
