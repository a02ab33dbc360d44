package io.patchkit.onnx.decode;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.util.Comparator;

/**
 * Keeps the buffers of finished requests for the next ones, so that native memory does not wait for
 * the garbage collector. Room for keys and values comes in steps, so that few sizes serve all
 * requests, and grows with what a request holds, not with what it may come to hold. Thread-safe.
 */
final class BufferPool implements AutoCloseable {

  /** Keys and values take a multiple of this many positions. */
  private static final int GRAIN = 64;

  private final OrtEnvironment environment;
  private final DecoderLayout layout;
  private final int contextLength;
  private final int chunk;
  private final IdleBuffers<Integer, StepBuffers> steps;
  private final IdleBuffers<Size, KeyValueBuffers> keyValues;

  /**
   * @param contextLength most positions of a request
   * @param chunk most tokens of a request fed in one pass
   * @param maxIdle how many unused buffers of each kind are kept
   */
  BufferPool(
      OrtEnvironment environment, DecoderLayout layout, int contextLength, int chunk, int maxIdle) {
    this.environment = environment;
    this.layout = layout;
    this.contextLength = contextLength;
    this.chunk = chunk;
    this.steps = new IdleBuffers<>(maxIdle);
    this.keyValues = new IdleBuffers<>(maxIdle);
  }

  /** Room for requests, ordered by memory. */
  private record Size(int rows, int capacity) implements Comparable<Size> {

    private static final Comparator<Size> BY_MEMORY =
        Comparator.comparingLong((Size size) -> (long) size.rows * size.capacity)
            .thenComparingInt(Size::rows);

    @Override
    public int compareTo(Size other) {
      return BY_MEMORY.compare(this, other);
    }
  }

  /** What the passes of one request are fed with, the caller's until {@link #give}. */
  StepBuffers takeSteps() throws OrtException {
    return takeSteps(1);
  }

  /** What the passes of a batch are fed with; where rows ≥ 2, one token a row. */
  StepBuffers takeSteps(int rows) throws OrtException {
    StepBuffers idle = steps.poll(rows);
    return idle != null ? idle : new StepBuffers(environment, layout, rows, rows == 1 ? chunk : 1);
  }

  /** Room for at least so many positions in each row, the caller's until {@link #give}. */
  KeyValueBuffers takeKeyValues(int rows, int positions) throws OrtException {
    int capacity =
        Math.min((positions + GRAIN - 1) / GRAIN * GRAIN, Math.max(contextLength, positions));
    KeyValueBuffers idle = keyValues.poll(new Size(rows, capacity));
    return idle != null ? idle : new KeyValueBuffers(environment, layout, rows, capacity);
  }

  /**
   * Room for more than there is, and for half as much again, so that a request of n positions moves
   * at most 2n on its way there and never holds much more than 1.5n.
   */
  KeyValueBuffers takeLarger(KeyValueBuffers than, int rows, int positions) throws OrtException {
    int capacity = than.capacity();
    return takeKeyValues(
        rows,
        positions <= capacity
            ? capacity
            : Math.max(positions, Math.min(capacity + capacity / 2, contextLength)));
  }

  /** Takes buffers back. */
  void give(StepBuffers buffers) {
    steps.add(buffers.rows(), buffers);
  }

  /** Takes buffers back. */
  void give(KeyValueBuffers buffers) {
    keyValues.add(new Size(buffers.rows(), buffers.capacity()), buffers);
  }

  /** Frees what is idle; what is in use is freed when it is given back. */
  @Override
  public void close() {
    steps.close();
    keyValues.close();
  }
}
