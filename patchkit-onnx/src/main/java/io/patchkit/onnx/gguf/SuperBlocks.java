package io.patchkit.onnx.gguf;

import io.patchkit.format.Float16;
import java.nio.ByteBuffer;

/**
 * The block formats of 256 weights, the "K-quants" (ggml's {@code block_q2_K} and its kin): groups
 * of 16 or 32 weights whose scales and minima are small integers, themselves scaled by one or two
 * half-precision numbers of the block.
 */
final class SuperBlocks {

  private SuperBlocks() {}

  /** scales[16] (scale low, minimum high), two-bit codes[64], d, dmin. */
  static void q2(ByteBuffer source, int offset, Block block) {
    float scale = Float16.toFloat(source.getShort(offset + 80));
    float minimum = Float16.toFloat(source.getShort(offset + 82));
    for (int group = 0; group < 16; group++) {
      int packed = source.get(offset + group);
      block.scales[group] = scale * (packed & 15);
      block.minima[group] = -(minimum * ((packed >> 4) & 15));
    }
    twoBits(source, offset + 16, block);
  }

  /** high bits[32], two-bit codes[64], sixteen six-bit scales[12], d. */
  static void q3(ByteBuffer source, int offset, Block block) {
    float scale = Float16.toFloat(source.getShort(offset + 108));
    for (int group = 0; group < 16; group++) {
      int low = source.get(offset + 96 + group % 8);
      int high = source.get(offset + 104 + group % 4);
      int bits = ((low >> (group / 8 * 4)) & 15) | (((high >> (group / 4 * 2)) & 3) << 4);
      block.scales[group] = scale * (bits - 32);
    }
    twoBits(source, offset + 32, block);
    for (int i = 0; i < 256; i++) {
      int high = (source.get(offset + i % 32) >> (i / 32)) & 1;
      block.codes[i] |= (byte) (high << 2);
    }
  }

  /** d, dmin, eight six-bit scales and minima[12], four-bit codes[128]. */
  static void q4(ByteBuffer source, int offset, Block block) {
    sixBitScales(source, offset, block);
    fourBits(source, offset + 16, block);
  }

  /** d, dmin, eight six-bit scales and minima[12], high bits[32], four-bit codes[128]. */
  static void q5(ByteBuffer source, int offset, Block block) {
    sixBitScales(source, offset, block);
    fourBits(source, offset + 48, block);
    for (int i = 0; i < 256; i++) {
      int high = (source.get(offset + 16 + i % 32) >> (i / 32)) & 1;
      block.codes[i] |= (byte) (high << 4);
    }
  }

  /** low four bits[128], high two bits[64], scales[16], d. */
  static void q6(ByteBuffer source, int offset, Block block) {
    float scale = Float16.toFloat(source.getShort(offset + 208));
    for (int group = 0; group < 16; group++) {
      block.scales[group] = scale * source.get(offset + 192 + group);
    }
    for (int i = 0; i < 256; i++) {
      int half = i / 128;
      int within = i % 128;
      int low = source.get(offset + half * 64 + within % 64) >> (within / 64 * 4);
      int high = source.get(offset + 128 + half * 32 + within % 32) >> (within / 32 * 2);
      block.codes[i] = (byte) ((low & 15) | ((high & 3) << 4));
    }
  }

  /** Each half of the block keeps 32 bytes; a byte holds weights j, j + 32, j + 64, j + 96. */
  private static void twoBits(ByteBuffer source, int offset, Block block) {
    for (int i = 0; i < 256; i++) {
      int packed = source.get(offset + i / 128 * 32 + i % 32);
      block.codes[i] = (byte) ((packed >> (i % 128 / 32 * 2)) & 3);
    }
  }

  /** Each quarter of the block keeps 32 bytes; a byte holds weight j low and j + 32 high. */
  private static void fourBits(ByteBuffer source, int offset, Block block) {
    for (int i = 0; i < 256; i++) {
      int packed = source.get(offset + i / 64 * 32 + i % 32);
      block.codes[i] = (byte) ((packed >> (i % 64 / 32 * 4)) & 15);
    }
  }

  private static void sixBitScales(ByteBuffer source, int offset, Block block) {
    float scale = Float16.toFloat(source.getShort(offset));
    float minimum = Float16.toFloat(source.getShort(offset + 2));
    int packed = offset + 4;
    for (int group = 0; group < 8; group++) {
      int first = source.get(packed + group % 4);
      int second = source.get(packed + 4 + group % 4);
      int scaleCode = first & 63;
      int minimumCode = second & 63;
      if (group >= 4) {
        // The last four groups' low bits share a byte, their high bits top the first four's.
        int low = source.get(packed + 4 + group);
        scaleCode = (low & 15) | (((first >> 6) & 3) << 4);
        minimumCode = ((low >> 4) & 15) | (((second >> 6) & 3) << 4);
      }
      block.scales[group] = scale * scaleCode;
      block.minima[group] = -(minimum * minimumCode);
    }
  }
}
