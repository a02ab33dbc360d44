package io.patchkit.onnx.decode;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the {@link StepBuffers} of finished requests for the next ones, so that native memory does
 * not wait for the garbage collector. Capacities come in steps, so that few sizes serve all
 * requests. Thread-safe.
 */
final class BufferPool implements AutoCloseable {

  /** Buffers hold a multiple of this many positions. */
  private static final int GRAIN = 256;

  private final OrtEnvironment environment;
  private final DecoderLayout layout;
  private final int contextLength;
  private final int chunk;
  private final int maxIdle;
  private final NavigableMap<Size, Deque<StepBuffers>> idle = new TreeMap<>();
  private int idleCount;
  private boolean closed;

  /**
   * @param maxIdle how many unused buffers are kept
   */
  BufferPool(
      OrtEnvironment environment, DecoderLayout layout, int contextLength, int chunk, int maxIdle) {
    this.environment = environment;
    this.layout = layout;
    this.contextLength = contextLength;
    this.chunk = chunk;
    this.maxIdle = maxIdle;
  }

  /** Room for requests, ordered by memory. */
  private record Size(int rows, int capacity) implements Comparable<Size> {
    @Override
    public int compareTo(Size other) {
      int byMemory = Long.compare((long) rows * capacity, (long) other.rows * other.capacity);
      return byMemory != 0 ? byMemory : Integer.compare(rows, other.rows);
    }
  }

  /** Buffers of one request for at least so many positions, the caller's until {@link #give}. */
  StepBuffers take(int positions) throws OrtException {
    return take(1, positions, chunk);
  }

  /** Buffers of a batch, fed one token a row, for at least so many positions in each row. */
  StepBuffers takeBatch(int rows, int positions) throws OrtException {
    return take(rows, positions, 1);
  }

  private StepBuffers take(int rows, int positions, int most) throws OrtException {
    int capacity =
        Math.min((positions + GRAIN - 1) / GRAIN * GRAIN, Math.max(contextLength, positions));
    synchronized (this) {
      Deque<StepBuffers> fitting = idle.get(new Size(rows, capacity));
      StepBuffers buffers = fitting == null ? null : fitting.pollLast();
      if (buffers != null) {
        idleCount--;
        return buffers;
      }
    }
    return new StepBuffers(environment, layout, rows, capacity, Math.min(most, capacity));
  }

  /** Takes buffers back. */
  void give(StepBuffers buffers) {
    StepBuffers surplus = buffers;
    synchronized (this) {
      if (!closed) {
        idle.computeIfAbsent(
                new Size(buffers.rows(), buffers.capacity()), key -> new ArrayDeque<>())
            .addLast(buffers);
        surplus = ++idleCount > maxIdle ? removeLargest() : null;
      }
    }
    if (surplus != null) {
      surplus.close();
    }
  }

  private @Nullable StepBuffers removeLargest() {
    for (Deque<StepBuffers> buffers : idle.descendingMap().values()) {
      if (!buffers.isEmpty()) {
        idleCount--;
        return buffers.removeFirst();
      }
    }
    return null;
  }

  /** Frees what is idle; what is in use is freed when it is given back. */
  @Override
  public synchronized void close() {
    closed = true;
    idle.values().forEach(buffers -> buffers.forEach(StepBuffers::close));
    idle.clear();
    idleCount = 0;
  }
}
