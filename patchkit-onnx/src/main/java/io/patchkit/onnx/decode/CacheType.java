package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxJavaType;
import io.patchkit.format.BFloat16;
import io.patchkit.format.Float16;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** The element type in which a graph keeps keys and values, or gives its logits. */
enum CacheType {
  FLOAT(OnnxJavaType.FLOAT, 4),
  FLOAT16(OnnxJavaType.FLOAT16, 2),
  BFLOAT16(OnnxJavaType.BFLOAT16, 2);

  private final OnnxJavaType javaType;
  private final int bytes;

  CacheType(OnnxJavaType javaType, int bytes) {
    this.javaType = javaType;
    this.bytes = bytes;
  }

  OnnxJavaType javaType() {
    return javaType;
  }

  /** Bytes of one element. */
  int bytes() {
    return bytes;
  }

  /** The numbers as native memory in this type, rounded to the nearest. */
  ByteBuffer encode(float[] numbers) {
    ByteBuffer encoded = NativeMemory.allocate(Math.multiplyExact(numbers.length, bytes));
    if (this == FLOAT) {
      encoded.asFloatBuffer().put(numbers);
    } else {
      for (float number : numbers) {
        encoded.putShort(this == FLOAT16 ? Float16.fromFloat(number) : BFloat16.fromFloat(number));
      }
      encoded.clear();
    }
    return encoded;
  }

  /** The same memory seen as floats where it is of that type, else converted into the target. */
  FloatBuffer decode(ByteBuffer encoded, FloatBuffer target) {
    if (this == FLOAT) {
      return encoded.asFloatBuffer();
    }
    int count = encoded.remaining() / bytes;
    for (int i = 0; i < count; i++) {
      short bits = encoded.getShort(encoded.position() + 2 * i);
      target.put(i, this == FLOAT16 ? Float16.toFloat(bits) : BFloat16.toFloat(bits));
    }
    return target;
  }
}
