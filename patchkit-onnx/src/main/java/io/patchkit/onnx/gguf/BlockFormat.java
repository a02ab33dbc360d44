package io.patchkit.onnx.gguf;

import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a quantised block holds its weights: {@code w = scale · code + minimum}, with one scale and
 * one minimum for each group of weights. Immutable.
 *
 * @param group weights that share a scale: 16 or 32, the block size of the ONNX operators
 * @param bits bits of a code in the graph: 4 or 8
 * @param centre the code that the operators' zero point stands for
 * @param affine whether groups have a minimum of their own; if not, it is {@code −centre · scale}
 * @param decoder reads one block of the file
 */
record BlockFormat(int group, int bits, int centre, boolean affine, Decoder decoder) {

  private static final Map<GgmlType, BlockFormat> FORMATS = formats();

  /** The format of a tensor type; null for the float types. */
  static @Nullable BlockFormat of(GgmlType type) {
    return FORMATS.get(type);
  }

  private static Map<GgmlType, BlockFormat> formats() {
    Map<GgmlType, BlockFormat> formats = new EnumMap<>(GgmlType.class);
    formats.put(GgmlType.Q4_0, new BlockFormat(32, 4, 8, false, LegacyBlocks::q4_0));
    formats.put(GgmlType.Q4_1, new BlockFormat(32, 4, 8, true, LegacyBlocks::q4_1));
    formats.put(GgmlType.Q5_0, new BlockFormat(32, 8, 16, false, LegacyBlocks::q5_0));
    formats.put(GgmlType.Q5_1, new BlockFormat(32, 8, 16, true, LegacyBlocks::q5_1));
    formats.put(GgmlType.Q8_0, new BlockFormat(32, 8, 0, false, LegacyBlocks::q8_0));
    formats.put(GgmlType.Q2_K, new BlockFormat(16, 4, 2, true, SuperBlocks::q2));
    formats.put(GgmlType.Q3_K, new BlockFormat(16, 4, 4, false, SuperBlocks::q3));
    formats.put(GgmlType.Q4_K, new BlockFormat(32, 4, 8, true, SuperBlocks::q4));
    formats.put(GgmlType.Q5_K, new BlockFormat(32, 8, 16, true, SuperBlocks::q5));
    formats.put(GgmlType.Q6_K, new BlockFormat(16, 8, 32, false, SuperBlocks::q6));
    return formats;
  }

  /** Reads the block that starts at {@code offset} of a little-endian buffer. */
  @FunctionalInterface
  interface Decoder {
    void decode(ByteBuffer source, int offset, Block block);
  }

  /** What the operators subtract from a stored code unless told otherwise. */
  int zeroPoint() {
    return 1 << (bits - 1);
  }
}
