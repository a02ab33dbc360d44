package io.patchkit.release;

import io.patchkit.format.InterprocessLock;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** The right to change a store: one thread of one process has it. */
final class StoreLock {

  private final Path file;
  private final Duration timeout;
  private final InterprocessLock lock;

  /**
   * @param file the lock file, as a real path
   * @param timeout how long {@link #holding} waits
   */
  StoreLock(Path file, Duration timeout) {
    this.file = file;
    this.timeout = timeout;
    this.lock = new InterprocessLock(file);
  }

  /**
   * Waits for the lock and does something while it is held.
   *
   * @throws StoreException {@code LOCKED} if the timeout passes or the thread is interrupted
   */
  <T> T holding(StoreWork<T> work) throws IOException {
    InterprocessLock.Held held = acquire();
    try {
      return work.run();
    } finally {
      held.release();
    }
  }

  private InterprocessLock.Held acquire() {
    try {
      return lock.acquire(timeout);
    } catch (TimeoutException e) {
      throw new StoreException(
          StoreException.Reason.LOCKED,
          "expected the lock "
              + file
              + " within "
              + timeout
              + ", found it held by "
              + e.getMessage()
              + "; try again, or allow more time with StoreOptions.withLockTimeout",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException(
          StoreException.Reason.LOCKED, "interrupted while waiting for " + file, e);
    } catch (IOException e) {
      throw StoreException.io("cannot lock " + file, e);
    }
  }
}
