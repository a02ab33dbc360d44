package io.patchkit.format;

import java.nio.ByteBuffer;

/**
 * The element type of a {@link Tensor}, under its safetensors name.
 *
 * <p>The order is the one in which the safetensors library lays tensors out.
 */
public enum DType {
  /** IEEE 754 binary32. */
  F32(4),
  /** {@link BFloat16}. */
  BF16(2),
  /** {@link Float16}. */
  F16(2);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes per element. */
  public int bytes() {
    return bytes;
  }

  /** The value of this type nearest to {@code value}, ties to even; infinite beyond its range. */
  public float round(float value) {
    return switch (this) {
      case F32 -> value;
      case BF16 -> BFloat16.toFloat(BFloat16.fromFloat(value));
      case F16 -> Float16.toFloat(Float16.fromFloat(value));
    };
  }

  /** Reads {@code count} elements into {@code values} from {@code offset} on. */
  void get(ByteBuffer littleEndian, float[] values, int offset, int count) {
    for (int i = offset; i < offset + count; i++) {
      values[i] =
          switch (this) {
            case F32 -> littleEndian.getFloat();
            case BF16 -> BFloat16.toFloat(littleEndian.getShort());
            case F16 -> Float16.toFloat(littleEndian.getShort());
          };
    }
  }

  /** Writes all {@code values}, each of which this type can represent. */
  void put(ByteBuffer littleEndian, float[] values) {
    for (float value : values) {
      switch (this) {
        case F32 -> littleEndian.putFloat(value);
        case BF16 -> littleEndian.putShort(BFloat16.fromFloat(value));
        case F16 -> littleEndian.putShort(Float16.fromFloat(value));
      }
    }
  }
}
