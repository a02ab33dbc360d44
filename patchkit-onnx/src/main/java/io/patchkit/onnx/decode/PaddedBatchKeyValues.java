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
 * are; only where rows have joined or left since the last pass are they laid out anew, once for all
 * of those.
 */
final class PaddedBatchKeyValues implements BatchKeyValues {

  private final OrtEnvironment environment;
  private final DecoderLayout layout;
  private final List<Row> rows = new ArrayList<>();

  /**
   * Where rows are laid out, a buffer a plane; used again once a pass has returned new tensors,
   * unless it is three times as large as the rows need.
   */
  private final List<ByteBuffer> memory = new ArrayList<>();

  private List<OnnxTensor> planes = List.of();
  private int width;
  private boolean changed;

  PaddedBatchKeyValues(OrtEnvironment environment, DecoderLayout layout) {
    this.environment = environment;
    this.layout = layout;
    for (int plane = 0; plane < 2 * layout.slots().size(); plane++) {
      memory.add(NativeMemory.allocate(0));
    }
  }

  /** A row, and where its keys and values are: in the tensors or, since it joined, in its state. */
  private static final class Row {
    private int length;
    private int index;
    private @Nullable DecodeState joining;

    Row(DecodeState joining) {
      this.length = joining.length();
      this.joining = joining;
    }

    void arrive(int at) {
      index = at;
      letGo();
    }

    void letGo() {
      if (joining != null) {
        joining.close();
        joining = null;
      }
    }
  }

  @Override
  public void join(DecodeState prefilled) {
    rows.add(new Row(prefilled));
    changed = true;
  }

  @Override
  public void leave(int row) {
    Row last = rows.remove(rows.size() - 1);
    if (row < rows.size()) {
      rows.set(row, last).letGo();
    } else {
      last.letGo();
    }
    changed = true;
  }

  @Override
  public void makeRoom() throws OrtException {
    if (changed) {
      arrange();
      changed = false;
    }
  }

  /** Lays the rows out anew, as wide as the longest. */
  private void arrange() throws OrtException {
    int newWidth = 0;
    for (Row row : rows) {
      newWidth = Math.max(newWidth, row.length);
    }
    List<OnnxTensor> arranged = new ArrayList<>();
    try {
      for (int plane = 0; plane < memory.size(); plane++) {
        KeyValueSlot slot = layout.slots().get(plane / 2);
        ByteBuffer to = arrange(plane, newWidth);
        arranged.add(
            OnnxTensor.createTensor(
                environment,
                to,
                new long[] {rows.size(), slot.heads(), newWidth, slot.headDim()},
                layout.cacheType().javaType()));
      }
    } catch (OrtException | RuntimeException e) {
      arranged.forEach(OnnxTensor::close);
      throw e;
    }
    planes.forEach(OnnxTensor::close);
    planes = arranged;
    width = newWidth;
    for (int i = 0; i < rows.size(); i++) {
      rows.get(i).arrive(i);
    }
  }

  private ByteBuffer arrange(int plane, int newWidth) {
    KeyValueSlot slot = layout.slots().get(plane / 2);
    int position = slot.headDim() * layout.cacheType().bytes();
    // A copy, so that it does not matter if the tensor lies in the memory that is written.
    boolean anyHeld = rows.stream().anyMatch(row -> row.joining == null);
    ByteBuffer from = anyHeld ? HeapCopy.bytes(planes.get(plane)) : null;
    ByteBuffer to =
        memory(plane, NativeMemory.size(rows.size(), newWidth, (long) slot.heads() * position));
    int stride = newWidth * position;
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      int at = (i * slot.heads() * newWidth + newWidth - row.length) * position;
      if (row.joining != null) {
        row.joining.copyPlane(plane, to, at, stride);
      } else if (from != null) {
        for (int head = 0; head < slot.heads(); head++) {
          int start = ((row.index * slot.heads() + head) * width + width - row.length) * position;
          to.put(at + head * stride, from, start, row.length * position);
        }
      }
    }
    return to;
  }

  private ByteBuffer memory(int plane, int bytes) {
    int held = memory.get(plane).capacity();
    if (held < bytes) {
      long larger = Math.min(held + held / 2L, Integer.MAX_VALUE);
      memory.set(plane, NativeMemory.allocate((int) Math.max(bytes, larger)));
    } else if (bytes <= held / 3) {
      memory.set(plane, NativeMemory.allocate(0)); // Lets the old go first, where memory is short.
      memory.set(plane, NativeMemory.allocate(bytes + bytes / 2));
    }
    ByteBuffer all = memory.get(plane);
    return all.slice(0, bytes).order(all.order());
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public int first(int row) {
    return width - rows.get(row).length;
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
    rows.forEach(row -> row.length++);
  }

  @Override
  public long bytes() {
    long bytes = 0;
    for (ByteBuffer plane : memory) {
      bytes += plane.capacity();
    }
    return bytes;
  }

  @Override
  public void close() {
    planes.forEach(OnnxTensor::close);
    planes = List.of();
    rows.forEach(Row::letGo);
  }
}
