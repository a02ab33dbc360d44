package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;

/** The keys and values of one request, as a pass over the graph reads and extends them. */
sealed interface KeyValues permits SharedKeyValues, GrowingKeyValues {

  /**
   * Makes room for a longer sequence, where that is this object's to do.
   *
   * @param held positions that are in use
   * @param positions how many there shall be room for, at least those
   */
  void makeRoom(int held, int positions) throws OrtException;

  /** Binds the past inputs, and what the pass shall write to or return. */
  void bind(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> pinned, Set<String> requested)
      throws OrtException;

  /** Takes what the pass returned; the positions it added now count as past. */
  void accept(OrtSession.Result result);

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
