package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Native memory for the keys and values of one request, or of a batch of them, where the graph
 * appends to a shared buffer. The runtime sees it without copies.
 *
 * <p>Used by one request or batch at a time, and kept for the next by a {@link BufferPool}. {@link
 * #close} frees the runtime's handles; the memory goes with the object.
 */
final class KeyValueBuffers implements IdleBuffers.Buffer {

  private final DecoderLayout layout;
  private final int rows;
  private final int capacity;
  private final List<ByteBuffer> planes = new ArrayList<>();
  private final List<OnnxTensor> tensors = new ArrayList<>();

  /**
   * @param rows requests
   * @param capacity positions that fit in each row, prefix included
   */
  KeyValueBuffers(OrtEnvironment environment, DecoderLayout layout, int rows, int capacity)
      throws OrtException {
    this.layout = layout;
    this.rows = rows;
    this.capacity = capacity;
    for (int plane = 0; plane < 2 * layout.slots().size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      long positionBytes = (long) slot.heads() * positionBytes(slot);
      planes.add(NativeMemory.allocate(NativeMemory.size(rows, capacity, positionBytes)));
    }
    for (int plane = 0; plane < planes.size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      tensors.add(
          OnnxTensor.createTensor(
              environment,
              planes.get(plane),
              new long[] {rows, slot.heads(), capacity, slot.headDim()},
              layout.cacheType().javaType()));
    }
  }

  private int rowBytes(KeyValueSlot slot) {
    return slot.heads() * headBytes(slot);
  }

  private int headBytes(KeyValueSlot slot) {
    return capacity * positionBytes(slot);
  }

  private int positionBytes(KeyValueSlot slot) {
    return slot.headDim() * layout.cacheType().bytes();
  }

  /** Requests that fit. */
  int rows() {
    return rows;
  }

  /** Positions that fit in each row. */
  int capacity() {
    return capacity;
  }

  /** Positions that fit in all rows together. */
  long positions() {
    return (long) rows * capacity;
  }

  /** The runtime's view: per layer the keys, then the values, [rows, heads, capacity, headDim]. */
  List<OnnxTensor> tensors() {
    return tensors;
  }

  /** The runtime's view of the first rows of a plane; the caller closes it. */
  OnnxTensor view(OrtEnvironment environment, int plane, int ofRows) throws OrtException {
    KeyValueSlot slot = layout.slots().get(plane / 2);
    ByteBuffer all = planes.get(plane);
    return OnnxTensor.createTensor(
        environment,
        all.slice(0, ofRows * rowBytes(slot)).order(all.order()),
        new long[] {ofRows, slot.heads(), capacity, slot.headDim()},
        layout.cacheType().javaType());
  }

  /** Puts an encoded prefix at the start of the first row. */
  void put(EncodedPrefix prefix) {
    for (int plane = 0; plane < planes.size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      int bytes = prefix.length() * positionBytes(slot);
      for (int head = 0; head < slot.heads(); head++) {
        planes
            .get(plane)
            .put(head * headBytes(slot), prefix.planes().get(plane), head * bytes, bytes);
      }
    }
  }

  /** Copies all that a request holds so far into a row. */
  void put(int row, DecodeState state) {
    for (int plane = 0; plane < planes.size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      state.copyPlane(plane, planes.get(plane), row * rowBytes(slot), headBytes(slot));
    }
  }

  /** Copies the first positions of a row of other buffers, or of these, into a row. */
  void put(int row, KeyValueBuffers from, int fromRow, int positions) {
    for (int plane = 0; plane < planes.size(); plane++) {
      KeyValueSlot slot = layout.slots().get(plane / 2);
      from.copyPlane(
          plane, fromRow, positions, planes.get(plane), row * rowBytes(slot), headBytes(slot));
    }
  }

  /** Copies the first positions of one plane of a row, head after head; see {@link KeyValues}. */
  void copyPlane(int plane, int row, int positions, ByteBuffer to, int at, int stride) {
    KeyValueSlot slot = layout.slots().get(plane / 2);
    for (int head = 0; head < slot.heads(); head++) {
      to.put(
          at + head * stride,
          planes.get(plane),
          row * rowBytes(slot) + head * headBytes(slot),
          positions * positionBytes(slot));
    }
  }

  @Override
  public long bytes() {
    long bytes = 0;
    for (ByteBuffer plane : planes) {
      bytes += plane.capacity();
    }
    return bytes;
  }

  @Override
  public void close() {
    tensors.forEach(OnnxTensor::close);
  }
}
