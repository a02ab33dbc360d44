package io.patchkit.onnx.graph;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import io.patchkit.format.BFloat16;
import io.patchkit.format.Float16;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** An immutable constant: element type, dimensions and little-endian bytes. */
public final class Tensor {

  private final ElementType type;
  private final long[] dims;
  private final ByteString bytes;

  private Tensor(ElementType type, long[] dims, ByteString bytes) {
    long expected = type.byteSize(dims);
    if (type == ElementType.STRING || bytes.size() != expected) {
      throw new CorruptModelException(
          "Expected "
              + expected
              + " bytes for a constant "
              + type
              + Arrays.toString(dims)
              + ", found "
              + bytes.size());
    }
    this.type = type;
    this.dims = dims.clone();
    this.bytes = bytes;
  }

  /** A one-dimensional INT64 tensor. */
  public static Tensor ofLongs(long... values) {
    return ofLongs(new long[] {values.length}, values);
  }

  /** An INT64 tensor of the given dimensions. */
  public static Tensor ofLongs(long[] dims, long[] values) {
    ByteBuffer buffer = buffer(values.length * Long.BYTES);
    for (long value : values) {
      buffer.putLong(value);
    }
    return new Tensor(ElementType.INT64, dims, ByteString.copyFrom(buffer.flip()));
  }

  /** A FLOAT tensor of the given dimensions. */
  public static Tensor ofFloats(long[] dims, float[] values) {
    ByteBuffer buffer = buffer(values.length * Float.BYTES);
    for (float value : values) {
      buffer.putFloat(value);
    }
    return new Tensor(ElementType.FLOAT, dims, ByteString.copyFrom(buffer.flip()));
  }

  /** An INT64 tensor without dimensions. */
  public static Tensor scalar(long value) {
    return ofLongs(new long[0], new long[] {value});
  }

  /** A FLOAT tensor without dimensions. */
  public static Tensor scalar(float value) {
    return ofFloats(new long[0], new float[] {value});
  }

  /** A tensor from its little-endian bytes, as in an ONNX file. */
  public static Tensor of(ElementType type, long[] dims, byte[] bytes) {
    return new Tensor(type, dims, ByteString.copyFrom(bytes));
  }

  static Tensor of(OnnxMl.TensorProto proto) {
    ElementType type = ElementType.of(proto.getDataType());
    long[] dims = Initializer.dims(proto);
    if (proto.hasRawData()) {
      return new Tensor(type, dims, proto.getRawData());
    }
    long count = ElementType.elementCount(dims);
    long stored =
        (long) proto.getFloatDataCount()
            + proto.getDoubleDataCount()
            + proto.getInt64DataCount()
            + proto.getUint64DataCount()
            + proto.getInt32DataCount();
    boolean packed = type == ElementType.INT4 || type == ElementType.UINT4;
    if (stored != (packed ? (count + 1) / 2 : count)) {
      throw new CorruptModelException(
          "Expected " + count + " elements in \"" + proto.getName() + "\", found " + stored);
    }
    ByteBuffer buffer = buffer(Math.toIntExact(type.byteSize(dims)));
    for (int i = 0; i < stored; i++) {
      switch (type) {
        case FLOAT -> buffer.putFloat(proto.getFloatData(i));
        case DOUBLE -> buffer.putDouble(proto.getDoubleData(i));
        case INT64 -> buffer.putLong(proto.getInt64Data(i));
        case UINT64 -> buffer.putLong(proto.getUint64Data(i));
        case UINT32 -> buffer.putInt((int) proto.getUint64Data(i));
        case INT32 -> buffer.putInt(proto.getInt32Data(i));
        case INT16, UINT16, FLOAT16, BFLOAT16 -> buffer.putShort((short) proto.getInt32Data(i));
        case INT8, UINT8, BOOL, INT4, UINT4 -> buffer.put((byte) proto.getInt32Data(i));
        default -> throw unreadable(type);
      }
    }
    return new Tensor(type, dims, ByteString.copyFrom(buffer.flip()));
  }

  public ElementType type() {
    return type;
  }

  /** The dimensions, from the outermost to the innermost; empty for a scalar. */
  public long[] dims() {
    return dims.clone();
  }

  /** How many elements there are. */
  public int size() {
    return Math.toIntExact(ElementType.elementCount(dims));
  }

  /**
   * The elements as 64-bit integers; booleans are 0 and 1.
   *
   * @throws UnsupportedModelException where the elements are not integers
   */
  public long[] longs() {
    ByteBuffer buffer = bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    long[] values = new long[size()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case INT64, UINT64 -> buffer.getLong();
            case INT32 -> buffer.getInt();
            case UINT32 -> Integer.toUnsignedLong(buffer.getInt());
            case INT16 -> buffer.getShort();
            case UINT16 -> Short.toUnsignedLong(buffer.getShort());
            case INT8 -> buffer.get();
            case UINT8, BOOL -> Byte.toUnsignedLong(buffer.get());
            default -> throw unreadable(type);
          };
    }
    return values;
  }

  /** The elements as 32-bit floating point, from any numeric type. */
  public float[] floats() {
    if (!type.isFloatingPoint()) {
      long[] integers = longs();
      float[] values = new float[integers.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = integers[i];
      }
      return values;
    }
    ByteBuffer buffer = bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[size()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case FLOAT -> buffer.getFloat();
            case DOUBLE -> (float) buffer.getDouble();
            case FLOAT16 -> Float16.toFloat(buffer.getShort());
            case BFLOAT16 -> BFloat16.toFloat(buffer.getShort());
            default -> throw unreadable(type);
          };
    }
    return values;
  }

  /** The same bytes as another type and under other dimensions, which must need as many. */
  public Tensor as(ElementType as, long... to) {
    return new Tensor(as, to, bytes);
  }

  OnnxMl.TensorProto.Builder toProto() {
    OnnxMl.TensorProto.Builder proto =
        OnnxMl.TensorProto.newBuilder().setDataType(type.number()).setRawData(bytes);
    for (long dim : dims) {
      proto.addDims(dim);
    }
    return proto;
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static UnsupportedModelException unreadable(ElementType type) {
    return new UnsupportedModelException(
        "Constants of type " + type + " cannot be read as numbers");
  }

  @Override
  public String toString() {
    return type + Arrays.toString(dims);
  }
}
