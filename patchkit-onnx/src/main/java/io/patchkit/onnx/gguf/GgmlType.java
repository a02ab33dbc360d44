package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import org.jspecify.annotations.Nullable;

/** The tensor types of ggml that can be imported: three float types and the linear block codes. */
enum GgmlType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  BF16(30, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210);

  /**
   * The names of ggml's other types by id, for messages; "" where an id was never or no longer
   * used.
   */
  private static final String[] NAMES = {
    "F32", "F16", "Q4_0", "Q4_1", "", "", "Q5_0", "Q5_1", "Q8_0", "Q8_1", "Q2_K", "Q3_K", "Q4_K",
    "Q5_K", "Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S",
    "IQ4_XS", "I8", "I16", "I32", "I64", "F64", "IQ1_M", "BF16", "", "", "", "TQ1_0", "TQ2_0", "",
    "", "", "MXFP4", "NVFP4"
  };

  private final int id;
  private final int blockElements;
  private final int blockBytes;

  GgmlType(int id, int blockElements, int blockBytes) {
    this.id = id;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /**
   * The type with an id of the file.
   *
   * @throws UnsupportedModelException if ggml has the type but it is not a linear code
   * @throws CorruptModelException if ggml has no such type
   */
  static GgmlType of(long id, String tensor) {
    for (GgmlType type : values()) {
      if (type.id == id) {
        return type;
      }
    }
    if (id >= 0 && id < NAMES.length && !NAMES[(int) id].isEmpty()) {
      throw new UnsupportedModelException(
          "tensor %s is of type %s; supported: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K to Q6_K. Convert it with llama-quantize"
              .formatted(tensor, NAMES[(int) id]));
    }
    throw new CorruptModelException("tensor %s has the unknown type %d".formatted(tensor, id));
  }

  /** Weights in one block; 1 for the float types. */
  int blockElements() {
    return blockElements;
  }

  /** Bytes of one block. */
  int blockBytes() {
    return blockBytes;
  }

  /** The code of a block; null for the float types. */
  @Nullable BlockFormat format() {
    return BlockFormat.of(this);
  }
}
