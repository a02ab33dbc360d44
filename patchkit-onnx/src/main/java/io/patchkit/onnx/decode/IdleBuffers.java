package io.patchkit.onnx.decode;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Native buffers that nobody uses, within a bound on their memory. Of too many those go first that
 * have been idle for longest. Thread-safe.
 */
final class IdleBuffers implements AutoCloseable {

  /** What can lie here; closing frees it. */
  interface Buffer extends AutoCloseable {

    /** Native memory it takes. */
    long bytes();

    @Override
    void close();
  }

  private final long mostBytes;

  /** Those that came last at the end. */
  private final List<Buffer> buffers = new ArrayList<>();

  private long bytes;
  private boolean closed;

  /**
   * @param mostBytes how much memory they may take together
   */
  IdleBuffers(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /** Takes the smallest buffer of a kind that fits, of equal ones the latest, null if none does. */
  synchronized <B extends Buffer> @Nullable B poll(Class<B> kind, Predicate<B> fits) {
    @Nullable B best = null;
    for (Buffer buffer : buffers) {
      if (kind.isInstance(buffer)) {
        B candidate = kind.cast(buffer);
        if (fits.test(candidate) && (best == null || candidate.bytes() <= best.bytes())) {
          best = candidate;
        }
      }
    }
    if (best != null) {
      buffers.remove(best);
      bytes -= best.bytes();
    }
    return best;
  }

  /**
   * Takes a buffer over. One that is larger than the bound is freed and costs no other its place.
   */
  void add(Buffer buffer) {
    List<Buffer> surplus = new ArrayList<>();
    synchronized (this) {
      if (closed || buffer.bytes() > mostBytes) {
        surplus.add(buffer);
      } else {
        buffers.add(buffer);
        bytes += buffer.bytes();
        while (bytes > mostBytes) {
          Buffer oldest = buffers.remove(0);
          bytes -= oldest.bytes();
          surplus.add(oldest);
        }
      }
    }
    surplus.forEach(Buffer::close);
  }

  /** Frees what is here; true if there was something. */
  synchronized boolean free() {
    boolean any = !buffers.isEmpty();
    buffers.forEach(Buffer::close);
    buffers.clear();
    bytes = 0;
    return any;
  }

  /** Frees what is here, and from now on what comes. */
  @Override
  public synchronized void close() {
    closed = true;
    free();
  }
}
