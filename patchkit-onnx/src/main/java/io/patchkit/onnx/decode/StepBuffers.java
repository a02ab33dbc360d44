package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * What the passes of one request, or of one batch of them, are fed with, kept from request to
 * request by a {@link BufferPool}: token ids, mask, positions, one row of logits a request. The
 * runtime sees the memory without copies.
 *
 * <p>Used by one request or batch at a time. {@link #close} frees the runtime's handles; the memory
 * goes with the object.
 */
final class StepBuffers implements IdleBuffers.Buffer {

  private final int rows;
  private final int chunk;
  private final ByteBuffer ids;
  private final ByteBuffer positions;
  private final ByteBuffer logits;
  private final FloatBuffer floatLogits;
  private final OnnxTensor logitsTensor;
  private final OrtSession.RunOptions runOptions;
  private ByteBuffer mask = NativeMemory.allocate(0);
  private boolean closed;

  /**
   * @param rows requests
   * @param chunk most tokens of a row fed in one pass
   */
  StepBuffers(OrtEnvironment environment, DecoderLayout layout, int rows, int chunk)
      throws OrtException {
    this.rows = rows;
    this.chunk = chunk;
    ids = NativeMemory.allocate(8 * rows * chunk);
    positions = NativeMemory.allocate(8 * rows * chunk);
    int vocabulary = layout.vocabularySize();
    logits = NativeMemory.allocate(rows * layout.logitsType().bytes() * vocabulary);
    floatLogits =
        layout.logitsType() == CacheType.FLOAT
            ? logits.asFloatBuffer()
            : FloatBuffer.allocate(rows * vocabulary);
    logitsTensor =
        OnnxTensor.createTensor(
            environment, logits, new long[] {rows, 1, vocabulary}, layout.logitsType().javaType());
    runOptions = new OrtSession.RunOptions();
  }

  /** Requests that fit. */
  int rows() {
    return rows;
  }

  /** Most tokens fed in one pass. */
  int chunk() {
    return chunk;
  }

  /** What the passes over this memory run with. */
  OrtSession.RunOptions runOptions() {
    return runOptions;
  }

  /**
   * Ends the pass over this memory that is running, and those to come, or lets those to come run
   * again; nothing once this is closed. From any thread.
   */
  synchronized void setTerminate(boolean terminate) throws OrtException {
    if (!closed) {
      runOptions.setTerminate(terminate);
    }
  }

  /** The logits that the runtime writes, [rows, 1, vocabulary]. */
  ByteBuffer logitsMemory() {
    return logits;
  }

  /** The runtime's view of the logits, [rows, 1, vocabulary]. */
  OnnxTensor logitsTensor() {
    return logitsTensor;
  }

  /** The logits that the last pass left in the first rows, row after row, as floats. */
  FloatBuffer logits(CacheType type, int ofRows) {
    return type.decode(
        logits.slice(0, logits.capacity() / rows * ofRows).order(logits.order()), floatLogits);
  }

  /** Token ids as an input [1, count]; the caller closes it. */
  OnnxTensor ids(
      OrtEnvironment environment,
      DecoderLayout.IntegerInput input,
      int[] tokens,
      int from,
      int count)
      throws OrtException {
    for (int i = 0; i < count; i++) {
      putInteger(ids, i, tokens[from + i], input.wide());
    }
    return integers(environment, ids, input, 1, count);
  }

  /** Consecutive positions as an input [1, count]; the caller closes it. */
  OnnxTensor positions(
      OrtEnvironment environment, DecoderLayout.IntegerInput input, int first, int count)
      throws OrtException {
    for (int i = 0; i < count; i++) {
      putInteger(positions, i, first + i, input.wide());
    }
    return integers(environment, positions, input, 1, count);
  }

  /** A mask of ones as an input [1, count]; the caller closes it. */
  OnnxTensor mask(OrtEnvironment environment, DecoderLayout.IntegerInput input, int count)
      throws OrtException {
    if (makeMaskRoom(count)) {
      for (int i = 0; i < mask.capacity() / 8; i++) {
        putInteger(mask, i, 1, input.wide());
      }
    }
    return integers(environment, mask, input, 1, count);
  }

  /** One token a row as an input [rows, 1]; the caller closes it. */
  OnnxTensor idColumn(
      OrtEnvironment environment, DecoderLayout.IntegerInput input, int[] tokens, int count)
      throws OrtException {
    for (int row = 0; row < count; row++) {
      putInteger(ids, row, tokens[row], input.wide());
    }
    return integers(environment, ids, input, count, 1);
  }

  /** One position a row as an input [rows, 1]; the caller closes it. */
  OnnxTensor positionColumn(
      OrtEnvironment environment, DecoderLayout.IntegerInput input, int[] values, int count)
      throws OrtException {
    for (int row = 0; row < count; row++) {
      putInteger(positions, row, values[row], input.wide());
    }
    return integers(environment, positions, input, count, 1);
  }

  /**
   * A mask [rows, width] that is one from a row's first position on, for as many as it has; the
   * caller closes it.
   */
  OnnxTensor maskRows(
      OrtEnvironment environment,
      DecoderLayout.IntegerInput input,
      int width,
      int[] first,
      int[] lengths,
      int count)
      throws OrtException {
    makeMaskRoom(Math.multiplyExact(width, count));
    for (int row = 0; row < count; row++) {
      for (int i = 0; i < width; i++) {
        boolean seen = i >= first[row] && i < first[row] + lengths[row];
        putInteger(mask, row * width + i, seen ? 1 : 0, input.wide());
      }
    }
    return integers(environment, mask, input, count, width);
  }

  /** Doubles the mask until it is large enough; true if it is a new one. */
  private boolean makeMaskRoom(int elements) {
    int room = mask.capacity() / 8;
    if (elements <= room) {
      return false;
    }
    mask = NativeMemory.allocate(Math.multiplyExact(8, Math.max(elements, 2 * room)));
    return true;
  }

  private static OnnxTensor integers(
      OrtEnvironment environment,
      ByteBuffer buffer,
      DecoderLayout.IntegerInput input,
      int rows,
      int count)
      throws OrtException {
    int bytes = rows * count * (input.wide() ? 8 : 4);
    return OnnxTensor.createTensor(
        environment,
        buffer.slice(0, bytes).order(buffer.order()),
        new long[] {rows, count},
        input.wide() ? OnnxJavaType.INT64 : OnnxJavaType.INT32);
  }

  private static void putInteger(ByteBuffer buffer, int index, int value, boolean wide) {
    if (wide) {
      buffer.putLong(8 * index, value);
    } else {
      buffer.putInt(4 * index, value);
    }
  }

  @Override
  public long bytes() {
    return (long) ids.capacity() + positions.capacity() + mask.capacity() + logits.capacity();
  }

  @Override
  public synchronized void close() {
    closed = true;
    runOptions.close();
    logitsTensor.close();
  }
}
