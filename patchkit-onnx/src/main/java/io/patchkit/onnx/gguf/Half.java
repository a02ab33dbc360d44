package io.patchkit.onnx.gguf;

import java.nio.ByteBuffer;

/** IEEE 754 half precision, which Java 17 cannot convert by itself. */
final class Half {

  private Half() {}

  /** The half at a byte offset. */
  static float at(ByteBuffer source, int offset) {
    return toFloat(source.getShort(offset));
  }

  static float toFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >> 10) & 31;
    int fraction = half & 0x3ff;
    if (exponent == 0) {
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    } else if (exponent == 31) {
      return Float.intBitsToFloat(sign | 0x7f800000 | (fraction << 13));
    }
    return Float.intBitsToFloat(sign | ((exponent + 112) << 23) | (fraction << 13));
  }
}
