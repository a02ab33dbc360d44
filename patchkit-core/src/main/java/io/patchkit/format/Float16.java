package io.patchkit.format;

/**
 * IEEE 754 binary16: 1 sign bit, 5 exponent bits, 10 fraction bits; largest finite value 65,504.
 *
 * <p>Java has these conversions from version 20 on.
 */
public final class Float16 {

  private static final int INFINITY = 0x7c00;
  private static final int FRACTION_BITS = 10;
  private static final int DROPPED_BITS = 23 - FRACTION_BITS;

  /** Where 2^-14 begins, the smallest normal number of binary16, as bits of a float. */
  private static final int SMALLEST_NORMAL = (127 - 14) << 23;

  /** Half an ulp above the largest finite value: from here on values round to infinity. */
  private static final int OVERFLOW = Float.floatToRawIntBits(65520f);

  /** The spacing of binary16's subnormal numbers, 2^-24. */
  private static final float SUBNORMAL_ULP = 0x1p-24f;

  private Float16() {}

  /** The value of these bits, exact. NaN keeps its sign and payload. */
  public static float toFloat(short bits) {
    int sign = (bits & 0x8000) << 16;
    int magnitude = bits & 0x7fff;
    if (magnitude < 1 << FRACTION_BITS) {
      float value = magnitude * SUBNORMAL_ULP;
      return sign == 0 ? value : -value;
    }
    int shifted = magnitude << DROPPED_BITS;
    int rebias = magnitude >= INFINITY ? (255 - 31) << 23 : (127 - 15) << 23;
    return Float.intBitsToFloat(sign | (shifted + rebias));
  }

  /**
   * The nearest binary16, ties to even. Values from 65,520 on become infinite; NaN keeps its sign
   * and the upper bits of its payload.
   */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      int payload = (magnitude & 0x7fffff) >>> DROPPED_BITS;
      // A payload of zero would be infinity.
      return (short) (sign | INFINITY | (payload == 0 ? 1 : payload));
    }
    if (magnitude >= OVERFLOW) {
      return (short) (sign | INFINITY);
    }
    if (magnitude < SMALLEST_NORMAL) {
      // Scaling by a power of two is exact; rint rounds ties to even.
      return (short) (sign | (int) Math.rint(Math.abs(value) / (double) SUBNORMAL_ULP));
    }
    return (short) (sign | roundToEven(magnitude - ((127 - 15) << 23), DROPPED_BITS));
  }

  /** {@code bits} without its lowest {@code dropped} bits, rounded to nearest, ties to even. */
  static int roundToEven(int bits, int dropped) {
    int odd = bits >>> dropped & 1;
    return (bits + (1 << (dropped - 1)) - 1 + odd) >>> dropped;
  }
}
