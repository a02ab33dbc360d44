package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import io.patchkit.EngineException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.function.Supplier;

/**
 * What is in the runtime's own memory, read whole onto the Java heap: its Java interface shows no
 * tensor that it has allocated in another way.
 */
final class HeapCopy {

  private HeapCopy() {}

  /**
   * The tensor's bytes in the processor's order.
   *
   * @throws EngineException if the heap has no room
   */
  static ByteBuffer bytes(OnnxTensor tensor) {
    return copy(tensor, tensor::getByteBuffer);
  }

  /**
   * The tensor's numbers, converted where it has 16 bits.
   *
   * @throws EngineException if the heap has no room
   */
  static FloatBuffer floats(OnnxTensor tensor) {
    return copy(tensor, tensor::getFloatBuffer);
  }

  private static <B> B copy(OnnxTensor tensor, Supplier<B> reading) {
    try {
      return reading.get();
    } catch (OutOfMemoryError e) {
      throw new EngineException(
          "Expected room on the heap for "
              + tensor.getInfo().getNumElements()
              + " numbers of keys, values or logits, found none ("
              + e.getMessage()
              + "); raise -Xmx, or run fewer or shorter requests at once",
          e);
    }
  }
}
