package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;

/**
 * Keys and values in one buffer that is past and present at once: GroupQueryAttention appends to it
 * in place, so a step copies nothing. The buffer is [heads, capacity, headDim]; a prefix is copied
 * into its first positions.
 */
final class SharedKeyValues implements KeyValues {

  private final DecoderLayout layout;
  private final StepBuffers buffers;

  SharedKeyValues(DecoderLayout layout, StepBuffers buffers, EncodedPrefix prefix) {
    this.layout = layout;
    this.buffers = buffers;
    for (int i = 0; i < buffers.planes().size(); i++) {
      KeyValueSlot slot = layout.slots().get(i / 2);
      int row = slot.headDim() * layout.cacheType().bytes();
      int bytes = prefix.length() * row;
      for (int head = 0; head < slot.heads(); head++) {
        buffers
            .planes()
            .get(i)
            .put(head * buffers.capacity() * row, prefix.planes().get(i), head * bytes, bytes);
      }
    }
  }

  @Override
  public void bind(
      Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> pinned, Set<String> requested) {
    for (int i = 0; i < buffers.planeTensors().size(); i++) {
      KeyValueSlot slot = layout.slots().get(i / 2);
      OnnxTensor tensor = buffers.planeTensors().get(i);
      inputs.put(slot.past(i % 2 == 0), tensor);
      pinned.put(slot.present(i % 2 == 0), tensor);
    }
  }

  @Override
  public void accept(OrtSession.Result result) {}

  @Override
  public void copyPlane(int plane, int positions, ByteBuffer to, int at, int stride) {
    KeyValueSlot slot = layout.slots().get(plane / 2);
    int row = slot.headDim() * layout.cacheType().bytes();
    for (int head = 0; head < slot.heads(); head++) {
      to.put(
          at + head * stride,
          buffers.planes().get(plane),
          head * buffers.capacity() * row,
          positions * row);
    }
  }

  @Override
  public void close() {}
}
