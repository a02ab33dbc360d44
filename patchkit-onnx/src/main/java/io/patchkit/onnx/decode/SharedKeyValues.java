package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;

/**
 * Keys and values in one buffer that is past and present at once: GroupQueryAttention appends to it
 * in place, so a step copies nothing. A prefix is copied into its first positions.
 */
final class SharedKeyValues implements KeyValues {

  private final DecoderLayout layout;
  private final BufferPool pool;
  private KeyValueBuffers buffers;

  /**
   * @param positions to have room for at once, prefix included
   */
  SharedKeyValues(DecoderLayout layout, BufferPool pool, EncodedPrefix prefix, int positions)
      throws OrtException {
    this.layout = layout;
    this.pool = pool;
    this.buffers = pool.takeKeyValues(1, positions);
    buffers.put(prefix);
  }

  @Override
  public void makeRoom(int held, int positions) throws OrtException {
    if (positions <= buffers.capacity()) {
      return;
    }
    KeyValueBuffers larger = pool.takeLarger(buffers, 1, positions);
    larger.put(0, buffers, 0, held);
    pool.give(buffers);
    buffers = larger;
  }

  @Override
  public OrtSession.Result run(
      DecoderSession session,
      Map<String, OnnxTensor> inputs,
      Map<String, OnnxTensor> pinned,
      Set<String> requested,
      OrtSession.RunOptions options)
      throws OrtException {
    for (int plane = 0; plane < buffers.tensors().size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      OnnxTensor tensor = buffers.tensors().get(plane);
      inputs.put(slot.past(plane % 2 == 0), tensor);
      pinned.put(slot.present(plane % 2 == 0), tensor);
    }
    return session.run(inputs, requested, pinned, options);
  }

  /** The memory in use, another after {@link #makeRoom}. */
  KeyValueBuffers buffers() {
    return buffers;
  }

  @Override
  public void copyPlane(int plane, int positions, ByteBuffer to, int at, int stride) {
    buffers.copyPlane(plane, 0, positions, to, at, stride);
  }

  @Override
  public void close() {
    pool.give(buffers);
  }
}
