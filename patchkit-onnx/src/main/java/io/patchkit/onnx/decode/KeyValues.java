package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The keys and values of one request, as a pass over the graph reads and extends them. */
sealed interface KeyValues permits SharedKeyValues, GrowingKeyValues, DeviceKeyValues {

  /**
   * Makes room for a longer sequence, where that is this object's to do.
   *
   * @param held positions that are in use
   * @param positions how many there shall be room for, at least those
   */
  void makeRoom(int held, int positions) throws OrtException;

  /**
   * Runs a pass that reads the keys and values so far; the positions that it adds then count as
   * past.
   *
   * @param inputs all inputs but the past, which is added
   * @param pinned outputs with the memory they are written to; presents may be added
   * @param requested outputs that the runtime shall allocate; presents may be added
   * @return what was requested; null where nothing was
   */
  OrtSession.@Nullable Result run(
      DecoderSession session,
      Map<String, OnnxTensor> inputs,
      Map<String, OnnxTensor> pinned,
      Set<String> requested,
      OrtSession.RunOptions options)
      throws OrtException;

  /**
   * Copies the first positions of one plane, head after head.
   *
   * @param plane 2l for the keys of layer l, 2l + 1 for its values
   * @param positions how many
   * @param to where to
   * @param at the byte where the first head goes
   * @param stride bytes from one head to the next
   */
  void copyPlane(int plane, int positions, ByteBuffer to, int at, int stride);

  /** Frees the runtime's handles and gives buffers back. */
  void close();
}
