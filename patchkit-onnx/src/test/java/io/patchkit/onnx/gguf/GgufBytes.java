package io.patchkit.onnx.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes GGUF files for tests, well-formed unless told otherwise. */
final class GgufBytes {

  private static final int ALIGNMENT = 32;

  private record Tensor(String name, long[] dims, int type, byte[] data) {}

  private final Map<String, byte[]> metadata = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private int version = 3;

  GgufBytes version(int number) {
    version = number;
    return this;
  }

  GgufBytes remove(String key) {
    metadata.remove(key);
    tensors.remove(key);
    return this;
  }

  GgufBytes put(String key, String value) {
    return raw(key, 8, string(value));
  }

  GgufBytes put(String key, int value) {
    return raw(key, 4, le(4).putInt(value).array());
  }

  GgufBytes put(String key, long value) {
    return raw(key, 10, le(8).putLong(value).array());
  }

  GgufBytes put(String key, float value) {
    return raw(key, 6, le(4).putFloat(value).array());
  }

  GgufBytes put(String key, boolean value) {
    return raw(key, 7, new byte[] {(byte) (value ? 1 : 0)});
  }

  GgufBytes putTexts(String key, List<String> values) {
    ByteArrayOutputStream out = arrayHeader(8, values.size());
    for (String value : values) {
      out.writeBytes(string(value));
    }
    return raw(key, 9, out.toByteArray());
  }

  GgufBytes putInts(String key, List<Integer> values) {
    ByteArrayOutputStream out = arrayHeader(5, values.size());
    for (int value : values) {
      out.writeBytes(le(4).putInt(value).array());
    }
    return raw(key, 9, out.toByteArray());
  }

  GgufBytes putFloats(String key, List<Float> values) {
    ByteArrayOutputStream out = arrayHeader(6, values.size());
    for (float value : values) {
      out.writeBytes(le(4).putFloat(value).array());
    }
    return raw(key, 9, out.toByteArray());
  }

  /** A metadata value as bytes, after its kind. */
  GgufBytes raw(String key, int kind, byte[] value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(le(4).putInt(kind).array());
    out.writeBytes(value);
    metadata.put(key, out.toByteArray());
    return this;
  }

  GgufBytes tensor(String name, GgmlType type, byte[] data, long... dims) {
    return tensor(name, typeId(type), data, dims);
  }

  GgufBytes tensor(String name, int type, byte[] data, long... dims) {
    tensors.put(name, new Tensor(name, dims, type, data));
    return this;
  }

  GgufBytes floats(String name, float[] values, long... dims) {
    ByteBuffer bytes = le(values.length * 4);
    bytes.asFloatBuffer().put(values);
    return tensor(name, GgmlType.F32, bytes.array(), dims);
  }

  byte[] build() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(le(4).putInt(version).array());
    out.writeBytes(le(16).putLong(tensors.size()).putLong(metadata.size()).array());
    metadata.forEach(
        (key, value) -> {
          out.writeBytes(string(key));
          out.writeBytes(value);
        });
    long offset = 0;
    List<Tensor> all = new ArrayList<>(tensors.values());
    for (Tensor tensor : all) {
      out.writeBytes(string(tensor.name()));
      out.writeBytes(le(4).putInt(tensor.dims().length).array());
      for (long dim : tensor.dims()) {
        out.writeBytes(le(8).putLong(dim).array());
      }
      out.writeBytes(le(12).putInt(tensor.type()).putLong(offset).array());
      offset += (tensor.data().length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    for (Tensor tensor : all) {
      out.writeBytes(new byte[-out.size() & (ALIGNMENT - 1)]);
      out.writeBytes(tensor.data());
    }
    return out.toByteArray();
  }

  static int typeId(GgmlType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      case Q4_0 -> 2;
      case Q4_1 -> 3;
      case Q5_0 -> 6;
      case Q5_1 -> 7;
      case Q8_0 -> 8;
      case Q2_K -> 10;
      case Q3_K -> 11;
      case Q4_K -> 12;
      case Q5_K -> 13;
      case Q6_K -> 14;
      case BF16 -> 30;
    };
  }

  static byte[] string(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    return le(8 + utf8.length).putLong(utf8.length).put(utf8).array();
  }

  private static ByteArrayOutputStream arrayHeader(int kind, int length) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(le(12).putInt(kind).putLong(length).array());
    return out;
  }

  static ByteBuffer le(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
