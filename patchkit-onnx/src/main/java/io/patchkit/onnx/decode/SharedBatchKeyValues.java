package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Rows in one buffer [rows, heads, capacity, headDim] that is past and present at once. Every row
 * begins at position 0 and is padded behind, as GroupQueryAttention wants it; it appends to each
 * row at the row's own end. The rows move to larger buffers when they need them, and to smaller
 * ones when rows have left and the others need far less.
 */
final class SharedBatchKeyValues implements BatchKeyValues {

  private final OrtEnvironment environment;
  private final DecoderLayout layout;
  private final BufferPool pool;
  private final List<OnnxTensor> views = new ArrayList<>();
  private KeyValueBuffers buffers;
  private int[] lengths;
  private int rows;
  private int viewedRows = -1;

  /** Whether a row has left since the last pass. */
  private boolean changed;

  SharedBatchKeyValues(OrtEnvironment environment, DecoderLayout layout, BufferPool pool)
      throws OrtException {
    this.environment = environment;
    this.layout = layout;
    this.pool = pool;
    this.buffers = pool.takeKeyValues(2, 1);
    this.lengths = new int[buffers.rows()];
  }

  @Override
  public void join(DecodeState prefilled) throws OrtException {
    try (prefilled) {
      makeRoom(rows + 1, prefilled.length());
      buffers.put(rows, prefilled);
      lengths[rows++] = prefilled.length();
    }
  }

  @Override
  public void leave(int row) {
    int last = --rows;
    if (row != last) {
      buffers.put(row, buffers, last, lengths[last]);
      lengths[row] = lengths[last];
    }
    changed = true;
  }

  @Override
  public void makeRoom() throws OrtException {
    makeRoom(rows, width() + 1);
    if (changed) {
      changed = false;
      KeyValueBuffers smaller = pool.takeSmaller(buffers, powerOfTwo(rows), width() + 1);
      if (smaller != null) {
        moveTo(smaller);
      }
    }
  }

  /** Moves to larger buffers where the present ones are too small. */
  private void makeRoom(int wantedRows, int positions) throws OrtException {
    if (wantedRows > buffers.rows() || positions > buffers.capacity()) {
      moveTo(pool.takeLarger(buffers, powerOfTwo(wantedRows), Math.max(width() + 1, positions)));
    }
  }

  private void moveTo(KeyValueBuffers others) {
    for (int row = 0; row < rows; row++) {
      others.put(row, buffers, row, lengths[row]);
    }
    closeViews();
    pool.give(buffers);
    buffers = others;
    lengths = Arrays.copyOf(lengths, others.rows());
  }

  /** The next one from 2 on, so that rows that join move seldom. */
  private static int powerOfTwo(int rows) {
    return rows <= 2 ? 2 : 2 * Integer.highestOneBit(rows - 1);
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
    for (int plane = 0; plane < 2 * layout.slots().size(); plane++) {
      views.add(buffers.view(environment, plane, rows));
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
  public long bytes() {
    return buffers.bytes();
  }

  @Override
  public void close() {
    closeViews();
    pool.give(buffers);
  }
}
