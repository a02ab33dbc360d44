package io.patchkit.onnx.gguf;

import io.patchkit.format.Float16;
import java.nio.ByteBuffer;

/**
 * The block formats of 32 weights (ggml's {@code block_q4_0} and its kin): a half-precision scale,
 * for the {@code _1} formats a half-precision minimum, for five bits the 32 high bits as one
 * integer, then the low bits. A byte of four-bit codes holds weight j low and weight j + 16 high.
 */
final class LegacyBlocks {

  private static final int WEIGHTS = 32;

  private LegacyBlocks() {}

  static void q4_0(ByteBuffer source, int offset, Block block) {
    block.scales[0] = Float16.toFloat(source.getShort(offset));
    nibbles(source, offset + 2, block);
  }

  static void q4_1(ByteBuffer source, int offset, Block block) {
    block.scales[0] = Float16.toFloat(source.getShort(offset));
    block.minima[0] = Float16.toFloat(source.getShort(offset + 2));
    nibbles(source, offset + 4, block);
  }

  static void q5_0(ByteBuffer source, int offset, Block block) {
    block.scales[0] = Float16.toFloat(source.getShort(offset));
    nibbles(source, offset + 6, block);
    addHighBits(source.getInt(offset + 2), block);
  }

  static void q5_1(ByteBuffer source, int offset, Block block) {
    block.scales[0] = Float16.toFloat(source.getShort(offset));
    block.minima[0] = Float16.toFloat(source.getShort(offset + 2));
    nibbles(source, offset + 8, block);
    addHighBits(source.getInt(offset + 4), block);
  }

  static void q8_0(ByteBuffer source, int offset, Block block) {
    block.scales[0] = Float16.toFloat(source.getShort(offset));
    source.get(offset + 2, block.codes, 0, WEIGHTS);
  }

  private static void nibbles(ByteBuffer source, int offset, Block block) {
    for (int j = 0; j < WEIGHTS / 2; j++) {
      int pair = source.get(offset + j);
      block.codes[j] = (byte) (pair & 15);
      block.codes[j + WEIGHTS / 2] = (byte) ((pair >> 4) & 15);
    }
  }

  private static void addHighBits(int bits, Block block) {
    for (int j = 0; j < WEIGHTS; j++) {
      block.codes[j] |= (byte) (((bits >>> j) & 1) << 4);
    }
  }
}
