package io.patchkit.onnx.decode;

import io.patchkit.EngineException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Memory that the runtime can be shown without copies. */
final class NativeMemory {

  private NativeMemory() {}

  /**
   * The size of a buffer for the keys or the values of one layer.
   *
   * @throws EngineException if no buffer is so large
   */
  static int size(int rows, int positions, long bytesOfPosition) {
    long bytes = (long) rows * positions * bytesOfPosition;
    if (bytes > Integer.MAX_VALUE) {
      throw new EngineException(
          "Expected at most "
              + Integer.MAX_VALUE
              + " bytes of keys or values in a layer, found "
              + bytes
              + " for "
              + rows
              + " rows of "
              + positions
              + " positions; decode fewer rows together (OnnxOptions.batchRows) or shorter ones");
    }
    return (int) bytes;
  }

  /**
   * Zeros in the processor's byte order; freed with the buffer.
   *
   * @throws EngineException if the process may have no more
   */
  static ByteBuffer allocate(int bytes) {
    try {
      return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    } catch (OutOfMemoryError e) {
      throw new EngineException(
          "Expected room for "
              + bytes
              + " bytes of keys, values or logits beside the heap, found none ("
              + e.getMessage()
              + "); raise -XX:MaxDirectMemorySize, which is as large as the heap unless it is set,"
              + " or run fewer or shorter requests at once",
          e);
    }
  }
}
