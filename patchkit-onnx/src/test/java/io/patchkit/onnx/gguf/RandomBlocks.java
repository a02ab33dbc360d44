package io.patchkit.onnx.gguf;

import java.nio.ByteBuffer;
import java.util.Random;

/** Random weights in each of ggml's formats, of a size that keeps a decoder's activations sane. */
final class RandomBlocks {

  private RandomBlocks() {}

  static byte[] of(GgmlType type, int weights, Random random) {
    int blocks = weights / type.blockElements();
    ByteBuffer bytes = GgufBytes.le(blocks * type.blockBytes());
    random.nextBytes(bytes.array());
    for (int block = 0; block < blocks; block++) {
      int at = block * type.blockBytes();
      float jitter = 0.75f + random.nextFloat() / 2;
      switch (type) {
        case F32 -> bytes.putFloat(at, 0.08f * (float) random.nextGaussian());
        case F16 -> bytes.putShort(at, half(0.08f * (float) random.nextGaussian()));
        case BF16 ->
            bytes.putShort(
                at, (short) (Float.floatToIntBits(0.08f * (float) random.nextGaussian()) >> 16));
        case Q4_0 -> bytes.putShort(at, half(0.02f * jitter));
        case Q4_1 -> bytes.putShort(at, half(0.02f * jitter)).putShort(at + 2, half(-0.15f));
        case Q5_0 -> bytes.putShort(at, half(0.01f * jitter));
        case Q5_1 -> bytes.putShort(at, half(0.01f * jitter)).putShort(at + 2, half(-0.15f));
        case Q8_0 -> bytes.putShort(at, half(0.001f * jitter));
        case Q2_K -> bytes.putShort(at + 80, half(0.008f * jitter)).putShort(at + 82, half(0.01f));
        case Q3_K -> bytes.putShort(at + 108, half(0.002f * jitter));
        case Q4_K -> bytes.putShort(at, half(0.0003f * jitter)).putShort(at + 2, half(0.003f));
        case Q5_K -> bytes.putShort(at, half(0.00015f * jitter)).putShort(at + 2, half(0.003f));
        case Q6_K -> bytes.putShort(at + 208, half(0.00006f * jitter));
      }
    }
    return bytes.array();
  }

  /** A normal half, rounded towards zero. */
  static short half(float value) {
    int bits = Float.floatToIntBits(value);
    int exponent = ((bits >> 23) & 255) - 112;
    if (exponent <= 0) {
      return (short) ((bits >>> 16 & 0x8000) | Math.round(Math.abs(value) * 0x1p24f));
    }
    return (short) ((bits >>> 16 & 0x8000) | exponent << 10 | (bits >> 13 & 0x3ff));
  }
}
