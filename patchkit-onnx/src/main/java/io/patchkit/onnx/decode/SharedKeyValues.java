package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
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
      copyRows(
          i, prefix.planes().get(i), prefix.length(), buffers.planes().get(i), buffers.capacity());
    }
  }

  /** Copies the rows that fit from one plane's start to another's, head by head. */
  private void copyRows(int plane, ByteBuffer from, int fromRows, ByteBuffer to, int toRows) {
    KeyValueSlot slot = layout.slots().get(plane / 2);
    int row = slot.headDim() * layout.cacheType().bytes();
    int bytes = Math.min(fromRows, toRows) * row;
    for (int head = 0; head < slot.heads(); head++) {
      to.put(head * toRows * row, from, head * fromRows * row, bytes);
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
  public EncodedPrefix snapshot(int length) {
    List<ByteBuffer> planes = new ArrayList<>();
    for (int i = 0; i < buffers.planes().size(); i++) {
      KeyValueSlot slot = layout.slots().get(i / 2);
      ByteBuffer plane =
          EncodedPrefix.direct(slot.heads() * length * slot.headDim() * layout.cacheType().bytes());
      copyRows(i, buffers.planes().get(i), buffers.capacity(), plane, length);
      planes.add(plane);
    }
    return new EncodedPrefix(length, planes);
  }

  @Override
  public void close() {}
}
