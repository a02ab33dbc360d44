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
import org.jspecify.annotations.Nullable;

/**
 * Rows of a graph that returns the past with the new positions joined to it: all rows end at the
 * same place and the shorter ones are padded in front. The returned tensors are fed back as they
 * are; only when a row joins or leaves are they laid out anew.
 */
final class PaddedBatchKeyValues implements BatchKeyValues {

  private final OrtEnvironment environment;
  private final DecoderLayout layout;
  private final List<Integer> lengths = new ArrayList<>();
  private List<OnnxTensor> planes = List.of();
  private int width;

  PaddedBatchKeyValues(OrtEnvironment environment, DecoderLayout layout) {
    this.environment = environment;
    this.layout = layout;
  }

  @Override
  public void join(DecodeState prefilled) throws OrtException {
    List<Integer> order = identity();
    int before = lengths.size();
    lengths.add(prefilled.length());
    order.add(before);
    arrange(order, prefilled);
  }

  @Override
  public void leave(int row) throws OrtException {
    List<Integer> order = identity();
    int last = lengths.size() - 1;
    order.set(row, last);
    order.remove(last);
    lengths.set(row, lengths.get(last));
    lengths.remove(last);
    arrange(order, null);
  }

  private List<Integer> identity() {
    List<Integer> order = new ArrayList<>();
    for (int row = 0; row < lengths.size(); row++) {
      order.add(row);
    }
    return order;
  }

  /**
   * Lays the rows out anew, as wide as the longest.
   *
   * @param order for each row the present row it is, or one past those for the row that joins
   */
  private void arrange(List<Integer> order, @Nullable DecodeState joining) throws OrtException {
    int rows = order.size();
    int newWidth = 0;
    for (int length : lengths) {
      newWidth = Math.max(newWidth, length);
    }
    List<OnnxTensor> arranged = new ArrayList<>();
    for (int plane = 0; rows > 0 && plane < 2 * layout.slots().size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      int position = slot.headDim() * layout.cacheType().bytes();
      ByteBuffer from = planes.isEmpty() ? null : planes.get(plane).getByteBuffer();
      ByteBuffer to = EncodedPrefix.direct(rows * slot.heads() * newWidth * position);
      for (int row = 0; row < rows; row++) {
        int source = order.get(row);
        int length = lengths.get(row);
        int at = (row * slot.heads() * newWidth + newWidth - length) * position;
        int stride = newWidth * position;
        if (joining != null && row == rows - 1) {
          joining.copyPlane(plane, to, at, stride);
        } else if (from != null) {
          for (int head = 0; head < slot.heads(); head++) {
            int start = ((source * slot.heads() + head) * width + width - length) * position;
            to.put(at + head * stride, from, start, length * position);
          }
        }
      }
      arranged.add(
          OnnxTensor.createTensor(
              environment,
              to,
              new long[] {rows, slot.heads(), newWidth, slot.headDim()},
              layout.cacheType().javaType()));
    }
    planes.forEach(OnnxTensor::close);
    planes = arranged;
    width = newWidth;
  }

  @Override
  public void makeRoom() {}

  @Override
  public int width() {
    return width;
  }

  @Override
  public int first(int row) {
    return width - lengths.get(row);
  }

  @Override
  public void bind(
      Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> pinned, Set<String> requested) {
    for (int plane = 0; plane < planes.size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      inputs.put(slot.past(plane % 2 == 0), planes.get(plane));
      requested.add(slot.present(plane % 2 == 0));
    }
  }

  @Override
  public void accept(OrtSession.Result result) {
    List<OnnxTensor> presents = new ArrayList<>();
    for (int plane = 0; plane < planes.size(); plane++) {
      String present = layout.slots().get(plane / 2).present(plane % 2 == 0);
      presents.add((OnnxTensor) result.get(present).orElseThrow());
    }
    planes.forEach(OnnxTensor::close);
    planes = presents;
    width++;
    lengths.replaceAll(length -> length + 1);
  }

  @Override
  public void close() {
    planes.forEach(OnnxTensor::close);
    planes = List.of();
  }
}
