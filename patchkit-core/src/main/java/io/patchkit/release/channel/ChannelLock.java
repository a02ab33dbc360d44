package io.patchkit.release.channel;

import io.patchkit.PatchkitException;
import io.patchkit.format.InterprocessLock;
import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** The right to a directory of a client or a publisher: one thread of one process has it. */
final class ChannelLock {

  private final Path file;
  private final Duration timeout;
  private final InterprocessLock lock;

  /**
   * @param file the lock file, as a real path
   * @param timeout how long {@link #holding} waits
   */
  ChannelLock(Path file, Duration timeout) {
    this.file = file;
    this.timeout = timeout;
    this.lock = new InterprocessLock(file);
  }

  /**
   * Waits for the lock and does something while it is held.
   *
   * @throws ChannelException {@code UNAVAILABLE} if the timeout passes
   * @throws PatchkitException if the file cannot be locked, or the thread is interrupted
   */
  <T> T holding(Supplier<T> work) {
    InterprocessLock.Held held = acquire();
    try {
      return work.get();
    } finally {
      held.release();
    }
  }

  private InterprocessLock.Held acquire() {
    try {
      return lock.acquire(timeout);
    } catch (TimeoutException e) {
      throw new ChannelException(
          Code.UNAVAILABLE,
          "expected the lock "
              + file
              + " within "
              + timeout
              + ", found it held by "
              + e.getMessage()
              + "; try again",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PatchkitException("interrupted while waiting for " + file, e);
    } catch (IOException e) {
      throw new PatchkitException("cannot lock " + file + ": " + e, e);
    }
  }
}
