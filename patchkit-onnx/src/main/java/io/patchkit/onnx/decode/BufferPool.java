package io.patchkit.onnx.decode;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.patchkit.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the buffers of finished requests for the next ones, so that native memory does not wait for
 * the garbage collector. Room for keys and values comes in steps, and grows with what a request
 * holds, not with what it may come to hold, unless larger room lies idle. Thread-safe.
 */
final class BufferPool implements AutoCloseable {

  /** Keys and values take a multiple of this many positions. */
  private static final int GRAIN = 64;

  private final OrtEnvironment environment;
  private final DecoderLayout layout;
  private final int contextLength;
  private final int chunk;
  private final IdleBuffers idle;

  /**
   * @param contextLength most positions of a request
   * @param chunk most tokens of a request fed in one pass
   * @param idleBytes most memory of unused buffers
   */
  BufferPool(
      OrtEnvironment environment,
      DecoderLayout layout,
      int contextLength,
      int chunk,
      long idleBytes) {
    this.environment = environment;
    this.layout = layout;
    this.contextLength = contextLength;
    this.chunk = chunk;
    this.idle = new IdleBuffers(idleBytes);
  }

  /** What the passes of one request are fed with, the caller's until {@link #give}. */
  StepBuffers takeSteps() throws OrtException {
    return takeSteps(1);
  }

  /**
   * What the passes of a batch are fed with; where rows ≥ 2, one token a row, and room for more.
   */
  StepBuffers takeSteps(int rows) throws OrtException {
    StepBuffers used = idle.poll(StepBuffers.class, steps -> fits(steps.rows(), rows));
    return used != null
        ? used
        : made(() -> new StepBuffers(environment, layout, rows, rows == 1 ? chunk : 1));
  }

  /**
   * Room for at least so many positions in each row, the caller's until {@link #give}. What lies
   * idle may have more room than was asked for.
   */
  KeyValueBuffers takeKeyValues(int rows, int positions) throws OrtException {
    return takeKeyValues(rows, capacity(positions), Long.MAX_VALUE);
  }

  /**
   * @param most of what lies idle, positions of all its rows together
   */
  private KeyValueBuffers takeKeyValues(int rows, int capacity, long most) throws OrtException {
    KeyValueBuffers used =
        idle.poll(
            KeyValueBuffers.class,
            room ->
                fits(room.rows(), rows) && room.capacity() >= capacity && room.positions() <= most);
    return used != null
        ? used
        : made(() -> new KeyValueBuffers(environment, layout, rows, capacity));
  }

  /** So many positions and half as many again, where the context has them. */
  private int withHalf(int positions) {
    return Math.max(positions, Math.min(positions + positions / 2, contextLength));
  }

  private int capacity(int positions) {
    return Math.min((positions + GRAIN - 1) / GRAIN * GRAIN, Math.max(contextLength, positions));
  }

  /** Makes a buffer, at the cost of those that lie idle where memory is short. */
  private <B> B made(Making<B> making) throws OrtException {
    try {
      return making.make();
    } catch (EngineException e) {
      if (idle.free()) {
        return making.make();
      }
      throw e;
    }
  }

  private interface Making<B> {
    B make() throws OrtException;
  }

  /** A batch uses the first rows of what it has; a request alone is shown to the runtime whole. */
  private static boolean fits(int rows, int wanted) {
    return wanted == 1 ? rows == 1 : rows >= wanted;
  }

  /**
   * Room for more than there is. Where positions are missing, for half as much again as there was,
   * so that a request of n positions moves at most 2n on its way there and never has memory made
   * for much more than 1.5n. Where only rows are missing, for what there was, but no more than the
   * positions and half as many again: room that a row has left behind is not made for the others.
   *
   * @param rows to have room for
   * @param positions to have room for in each row, what is there included
   */
  KeyValueBuffers takeLarger(KeyValueBuffers than, int rows, int positions) throws OrtException {
    int capacity = than.capacity();
    int wished =
        positions <= capacity
            ? Math.min(capacity, withHalf(positions))
            : Math.min(capacity + capacity / 2, contextLength);
    return takeKeyValues(rows, Math.max(positions, Math.min(wished, addressable(rows))));
  }

  /** How many positions fit in a buffer of so many rows. */
  private int addressable(int rows) {
    long largest = 1;
    for (KeyValueSlot slot : layout.slots()) {
      largest =
          Math.max(largest, (long) slot.heads() * slot.headDim() * layout.cacheType().bytes());
    }
    return (int) (Integer.MAX_VALUE / (rows * largest) / GRAIN * GRAIN);
  }

  /**
   * Room for so many positions in each row and for half as much again, where that is at most half
   * of what there is. Null where it is more, and where no memory can be had: who asks has room.
   */
  @Nullable KeyValueBuffers takeSmaller(KeyValueBuffers than, int rows, int positions)
      throws OrtException {
    int capacity = capacity(withHalf(positions));
    long most = than.positions() / 2;
    if ((long) rows * capacity > most) {
      return null;
    }
    try {
      return takeKeyValues(rows, capacity, most);
    } catch (EngineException e) {
      return null;
    }
  }

  /** Takes buffers back. */
  void give(StepBuffers buffers) {
    idle.add(buffers);
  }

  /** Takes buffers back. */
  void give(KeyValueBuffers buffers) {
    idle.add(buffers);
  }

  /** Frees what is idle; what is in use is freed when it is given back. */
  @Override
  public void close() {
    idle.close();
  }
}
