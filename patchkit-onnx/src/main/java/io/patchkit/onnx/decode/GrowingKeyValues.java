package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keys and values that the graph returns whole after each pass, the past with the new positions
 * joined to it. The returned tensors are fed back as they are; only {@link #copyPlane} brings them
 * to Java.
 */
final class GrowingKeyValues implements KeyValues {

  private final DecoderLayout layout;
  private List<OnnxTensor> planes;

  GrowingKeyValues(OrtEnvironment environment, DecoderLayout layout, EncodedPrefix prefix)
      throws OrtException {
    this.layout = layout;
    this.planes = prefix.tensors(environment, layout);
  }

  @Override
  public void makeRoom(int held, int positions) {}

  @Override
  public OrtSession.Result run(
      DecoderSession session,
      Map<String, OnnxTensor> inputs,
      Map<String, OnnxTensor> pinned,
      Set<String> requested,
      OrtSession.RunOptions options)
      throws OrtException {
    for (int plane = 0; plane < planes.size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      inputs.put(slot.past(plane % 2 == 0), planes.get(plane));
      requested.add(slot.present(plane % 2 == 0));
    }
    OrtSession.Result result = session.run(inputs, requested, pinned, options);
    List<OnnxTensor> presents = new ArrayList<>();
    for (int plane = 0; plane < planes.size(); plane++) {
      String present = layout.slots().get(plane / 2).present(plane % 2 == 0);
      presents.add((OnnxTensor) result.get(present).orElseThrow());
    }
    List<OnnxTensor> past = planes;
    planes = presents;
    past.forEach(OnnxTensor::close);
    return result;
  }

  @Override
  public void copyPlane(int plane, int positions, ByteBuffer to, int at, int stride) {
    KeyValueSlot slot = layout.slots().get(plane / 2);
    int row = slot.headDim() * layout.cacheType().bytes();
    int held = (int) planes.get(plane).getInfo().getShape()[2];
    ByteBuffer all = HeapCopy.bytes(planes.get(plane));
    for (int head = 0; head < slot.heads(); head++) {
      to.put(at + head * stride, all, head * held * row, positions * row);
    }
  }

  @Override
  public void close() {
    planes.forEach(OnnxTensor::close);
    planes = List.of();
  }
}
