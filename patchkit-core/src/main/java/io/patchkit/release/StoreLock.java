package io.patchkit.release;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The right to change a store: one thread of one process has it. A process that dies gives it back.
 *
 * <p>A file lock belongs to the whole process, and closing any channel of the file gives it up; so
 * a mutex comes first, one for each lock file and shared by all stores of this process, and the
 * file is open only while the mutex is held.
 */
final class StoreLock {

  private static final ConcurrentHashMap<Path, ReentrantLock> MUTEXES = new ConcurrentHashMap<>();
  private static final System.Logger LOG = System.getLogger(StoreLock.class.getName());
  private static final long LONGEST_PAUSE_MILLIS = 20;

  private final Path file;
  private final Duration timeout;
  private final ReentrantLock mutex;

  /**
   * @param file the lock file, as a real path, so that two names of one store share a mutex
   * @param timeout how long {@link #holding} waits
   */
  StoreLock(Path file, Duration timeout) {
    this.file = file;
    this.timeout = timeout;
    this.mutex = MUTEXES.computeIfAbsent(file, path -> new ReentrantLock(true));
  }

  /**
   * Waits for the lock and does something while it is held.
   *
   * @throws StoreException {@code LOCKED} if the timeout passes or the thread is interrupted
   */
  <T> T holding(StoreWork<T> work) throws IOException {
    FileChannel channel = acquire();
    try {
      return work.run();
    } finally {
      release(channel);
    }
  }

  private FileChannel acquire() {
    long deadline = System.nanoTime() + timeout.toNanos();
    try {
      if (!mutex.tryLock(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        throw refused("another thread of this process");
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
    FileChannel channel = null;
    boolean locked = false;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      waitFor(channel, deadline);
      locked = true;
      return channel;
    } catch (IOException e) {
      throw StoreException.io("cannot lock " + file, e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    } finally {
      if (!locked) {
        release(channel);
      }
    }
  }

  private void waitFor(FileChannel channel, long deadline)
      throws IOException, InterruptedException {
    long pause = 1;
    while (true) {
      try {
        if (channel.tryLock() != null) {
          return;
        }
      } catch (OverlappingFileLockException e) {
        // A copy of this class under another class loader holds it; it is as foreign as a process.
      }
      if (System.nanoTime() - deadline > 0) {
        throw refused("another process");
      }
      Thread.sleep(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
    }
  }

  /** Closing the channel gives the file lock up. */
  private void release(@Nullable FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "cannot close " + file, e);
    } finally {
      mutex.unlock();
    }
  }

  private StoreException refused(String holder) {
    return new StoreException(
        StoreException.Reason.LOCKED,
        "expected the lock "
            + file
            + " within "
            + timeout
            + ", found it held by "
            + holder
            + "; try again, or allow more time with StoreOptions.withLockTimeout");
  }

  private StoreException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new StoreException(
        StoreException.Reason.LOCKED, "interrupted while waiting for " + file, e);
  }
}
