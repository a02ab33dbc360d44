package io.patchkit.format;

/**
 * The brain floating point format: the upper half of a float, with its range and 7 fraction bits.
 */
public final class BFloat16 {

  private static final int DROPPED_BITS = 16;
  private static final int QUIET = 0x0040;

  private BFloat16() {}

  /** The value of these bits, exact. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << DROPPED_BITS);
  }

  /**
   * The nearest bfloat16, ties to even. Values above its largest finite one by half an ulp or more
   * become infinite; NaN stays NaN, quiet, of the same sign.
   */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> DROPPED_BITS | QUIET);
    }
    int sign = bits >>> DROPPED_BITS & 0x8000;
    return (short) (sign | Float16.roundToEven(bits & 0x7fffffff, DROPPED_BITS));
  }
}
