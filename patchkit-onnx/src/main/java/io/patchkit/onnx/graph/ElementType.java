package io.patchkit.onnx.graph;

import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;

/** An ONNX tensor's element type, with its number in the protobuf and its width in bits. */
public enum ElementType {
  /** Left to the runtime to infer. */
  UNDEFINED(0, 0),
  FLOAT(1, 32),
  UINT8(2, 8),
  INT8(3, 8),
  UINT16(4, 16),
  INT16(5, 16),
  INT32(6, 32),
  INT64(7, 64),
  /** Elements of no fixed width. */
  STRING(8, 0),
  BOOL(9, 8),
  FLOAT16(10, 16),
  DOUBLE(11, 64),
  UINT32(12, 32),
  UINT64(13, 64),
  COMPLEX64(14, 64),
  COMPLEX128(15, 128),
  BFLOAT16(16, 16),
  FLOAT8E4M3FN(17, 8),
  FLOAT8E4M3FNUZ(18, 8),
  FLOAT8E5M2(19, 8),
  FLOAT8E5M2FNUZ(20, 8),
  /** Two elements to a byte, the first in the low half. */
  UINT4(21, 4),
  /** Two elements to a byte, the first in the low half. */
  INT4(22, 4);

  private final int number;
  private final int bits;

  ElementType(int number, int bits) {
    this.number = number;
    this.bits = bits;
  }

  /** The number of this type in {@code TensorProto.DataType}. */
  public int number() {
    return number;
  }

  /** True for the types in which a network computes: 16, 32 and 64 bit floating point. */
  public boolean isFloatingPoint() {
    return this == FLOAT || this == FLOAT16 || this == BFLOAT16 || this == DOUBLE;
  }

  /**
   * How many bytes a tensor of this type takes in a file.
   *
   * @throws CorruptModelException for a negative dimension or a size beyond 2^63
   */
  public long byteSize(long[] dims) {
    try {
      return Math.addExact(Math.multiplyExact(elementCount(dims), (long) bits), 7) / 8;
    } catch (ArithmeticException e) {
      throw new CorruptModelException("A tensor's dimensions multiply to more than 2^63 bits", e);
    }
  }

  static long elementCount(long[] dims) {
    long count = 1;
    for (long dim : dims) {
      if (dim < 0) {
        throw new CorruptModelException("A tensor has the negative dimension " + dim);
      }
      try {
        count = Math.multiplyExact(count, dim);
      } catch (ArithmeticException e) {
        throw new CorruptModelException("A tensor's dimensions multiply to more than 2^63", e);
      }
    }
    return count;
  }

  /**
   * The type with that number in {@code TensorProto.DataType}.
   *
   * @throws UnsupportedModelException for a number that is none of these
   */
  public static ElementType of(int number) {
    for (ElementType type : values()) {
      if (type.number == number) {
        return type;
      }
    }
    throw new UnsupportedModelException("Expected an ONNX element type up to 22, found " + number);
  }
}
