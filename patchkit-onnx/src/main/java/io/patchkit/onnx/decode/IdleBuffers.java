package io.patchkit.onnx.decode;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Buffers that nobody uses, by size. Of too many the largest goes first. Thread-safe.
 *
 * @param <S> sizes, ordered by memory
 */
final class IdleBuffers<S extends Comparable<S>, B extends IdleBuffers.Buffer>
    implements AutoCloseable {

  /** What can lie here; closing frees it. */
  interface Buffer extends AutoCloseable {
    @Override
    void close();
  }

  private final int most;
  private final NavigableMap<S, Deque<B>> bySize = new TreeMap<>();
  private int count;
  private boolean closed;

  /**
   * @param most how many are kept
   */
  IdleBuffers(int most) {
    this.most = most;
  }

  /** Takes the buffer of that size that was used last, null if there is none. */
  synchronized @Nullable B poll(S size) {
    Deque<B> fitting = bySize.get(size);
    B buffer = fitting == null ? null : fitting.pollLast();
    if (buffer != null) {
      count--;
    }
    return buffer;
  }

  /** Takes a buffer over. */
  void add(S size, B buffer) {
    B surplus = buffer;
    synchronized (this) {
      if (!closed) {
        bySize.computeIfAbsent(size, key -> new ArrayDeque<>()).addLast(buffer);
        surplus = ++count > most ? removeLargest() : null;
      }
    }
    if (surplus != null) {
      surplus.close();
    }
  }

  private @Nullable B removeLargest() {
    for (Deque<B> buffers : bySize.descendingMap().values()) {
      if (!buffers.isEmpty()) {
        count--;
        return buffers.removeFirst();
      }
    }
    return null;
  }

  /** Frees what is here, and from now on what comes. */
  @Override
  public synchronized void close() {
    closed = true;
    bySize.values().forEach(buffers -> buffers.forEach(Buffer::close));
    bySize.clear();
    count = 0;
  }
}
