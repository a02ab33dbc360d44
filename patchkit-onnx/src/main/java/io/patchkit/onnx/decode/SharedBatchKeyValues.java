package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Rows in one buffer [rows, heads, capacity, headDim] that is past and present at once. Every row
 * begins at position 0 and is padded behind, as GroupQueryAttention wants it; it appends to each
 * row at the row's own end.
 */
final class SharedBatchKeyValues implements BatchKeyValues {

  private final OrtEnvironment environment;
  private final DecoderLayout layout;
  private final BufferPool pool;
  private final List<OnnxTensor> views = new ArrayList<>();
  private StepBuffers buffers;
  private int[] lengths = new int[2];
  private int rows;
  private int viewedRows = -1;

  SharedBatchKeyValues(OrtEnvironment environment, DecoderLayout layout, BufferPool pool)
      throws OrtException {
    this.environment = environment;
    this.layout = layout;
    this.pool = pool;
    this.buffers = pool.takeBatch(2, 1);
  }

  @Override
  public void join(DecodeState prefilled, int positions) throws OrtException {
    makeRoom(rows + 1, positions);
    for (int plane = 0; plane < buffers.planes().size(); plane++) {
      int row = rowBytes(plane, buffers);
      int stride = row / layout.slots().get(plane / 2).heads();
      prefilled.copyPlane(plane, buffers.planes().get(plane), rows * row, stride);
    }
    lengths[rows++] = prefilled.length();
  }

  @Override
  public void leave(int row) {
    int last = --rows;
    if (row != last) {
      copyRow(buffers, last, buffers, row, lengths[last]);
      lengths[row] = lengths[last];
    }
  }

  /** Moves to larger buffers where the present ones are too small. */
  private void makeRoom(int wantedRows, int positions) throws OrtException {
    if (wantedRows <= buffers.rows() && positions <= buffers.capacity()) {
      return;
    }
    int roomyRows = wantedRows <= buffers.rows() ? buffers.rows() : 2 * buffers.rows();
    StepBuffers larger = pool.takeBatch(roomyRows, Math.max(positions, buffers.capacity()));
    for (int row = 0; row < rows; row++) {
      copyRow(buffers, row, larger, row, lengths[row]);
    }
    closeViews();
    pool.give(buffers);
    buffers = larger;
    lengths = Arrays.copyOf(lengths, larger.rows());
  }

  private void copyRow(StepBuffers from, int fromRow, StepBuffers to, int toRow, int positions) {
    for (int plane = 0; plane < from.planes().size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      int fromBytes = rowBytes(plane, from);
      int toBytes = rowBytes(plane, to);
      ByteBuffer source = from.planes().get(plane);
      ByteBuffer target = to.planes().get(plane);
      int bytes = positions * slot.headDim() * layout.cacheType().bytes();
      for (int head = 0; head < slot.heads(); head++) {
        target.put(
            toRow * toBytes + head * (toBytes / slot.heads()),
            source,
            fromRow * fromBytes + head * (fromBytes / slot.heads()),
            bytes);
      }
    }
  }

  private int rowBytes(int plane, StepBuffers of) {
    return of.planes().get(plane).capacity() / of.rows();
  }

  @Override
  public int width() {
    int longest = 0;
    for (int row = 0; row < rows; row++) {
      longest = Math.max(longest, lengths[row]);
    }
    return longest;
  }

  @Override
  public int first(int row) {
    return 0;
  }

  @Override
  public StepBuffers buffers() {
    return buffers;
  }

  @Override
  public void bind(
      Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> pinned, Set<String> requested)
      throws OrtException {
    if (viewedRows != rows) {
      viewRows();
    }
    for (int plane = 0; plane < views.size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      inputs.put(slot.past(plane % 2 == 0), views.get(plane));
      pinned.put(slot.present(plane % 2 == 0), views.get(plane));
    }
  }

  /** The runtime's view of the rows that are in use. */
  private void viewRows() throws OrtException {
    closeViews();
    for (int plane = 0; plane < buffers.planes().size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      ByteBuffer all = buffers.planes().get(plane);
      views.add(
          OnnxTensor.createTensor(
              environment,
              all.slice(0, rows * rowBytes(plane, buffers)).order(all.order()),
              new long[] {rows, slot.heads(), buffers.capacity(), slot.headDim()},
              layout.cacheType().javaType()));
    }
    viewedRows = rows;
  }

  @Override
  public void accept(OrtSession.Result result) {
    for (int row = 0; row < rows; row++) {
      lengths[row]++;
    }
  }

  private void closeViews() {
    views.forEach(OnnxTensor::close);
    views.clear();
    viewedRows = -1;
  }

  @Override
  public void close() {
    closeViews();
    pool.give(buffers);
  }
}
