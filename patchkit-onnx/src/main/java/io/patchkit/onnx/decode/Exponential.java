package io.patchkit.onnx.decode;

/**
 * The exponential function for sampling weights, faster than Math.exp. One at a time to 1e-9
 * relative: x = n·ln 2 + r with |r| ≤ ln 2 / 2; exp r from its Taylor polynomial of degree 8, and
 * 2ⁿ put together from its bits. And the sum over a whole vocabulary, which nucleus sampling needs
 * for each token, to 1e-5 relative, in a form that the virtual machine turns into vector
 * instructions: exp x = (exp(x / 64))⁶⁴, from a polynomial of degree 5 and six squarings.
 */
final class Exponential {

  private static final double LOG2_E = 1.4426950408889634;
  private static final double LN2 = 0.6931471805599453;

  /** Below this the result is taken as 0: smaller than any share of a sum that holds 1. */
  private static final double LEAST = -700;

  /** Where single precision ends; what is less adds nothing to a sum that holds 1. */
  private static final float LEAST_OF_SUM = -80;

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

  /**
   * Σ exp((logit − max) · scale).
   *
   * @param max the largest logit
   * @param scale above 0
   * @param scratch overwritten, at least as long as the logits
   */
  static double sum(float[] logits, int count, float max, float scale, float[] scratch) {
    for (int i = 0; i < count; i++) {
      float x = Math.max((logits[i] - max) * scale, LEAST_OF_SUM) * (1 / 64f);
      float p = 1 / 120f;
      p = p * x + 1 / 24f;
      p = p * x + 1 / 6f;
      p = p * x + 0.5f;
      p = p * x + 1;
      p = p * x + 1;
      p *= p;
      p *= p;
      p *= p;
      p *= p;
      p *= p;
      scratch[i] = p * p;
    }
    // Four sums that do not wait for each other.
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i + 3 < count; i += 4) {
      a += scratch[i];
      b += scratch[i + 1];
      c += scratch[i + 2];
      d += scratch[i + 3];
    }
    for (; i < count; i++) {
      a += scratch[i];
    }
    return a + b + c + d;
  }
}
