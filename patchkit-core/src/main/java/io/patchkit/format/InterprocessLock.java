package io.patchkit.format;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A lock that one thread of one process has, by a file. A process that dies gives it back.
 * Thread-safe, not reentrant.
 *
 * <p>A file lock belongs to the whole process, and closing any channel of the file gives it up; so
 * a mutex comes first, one for each lock file and shared by all locks of it in this process, and
 * the file is open only while the mutex is held.
 */
public final class InterprocessLock {

  private static final ConcurrentHashMap<Path, ReentrantLock> MUTEXES = new ConcurrentHashMap<>();
  private static final System.Logger LOG = System.getLogger(InterprocessLock.class.getName());
  private static final long LONGEST_PAUSE_MILLIS = 20;

  private final Path file;
  private final ReentrantLock mutex;

  /**
   * @param file made if it is not there; as a real path, so that two names of one file share a
   *     mutex
   */
  public InterprocessLock(Path file) {
    this.file = file;
    this.mutex = MUTEXES.computeIfAbsent(file, path -> new ReentrantLock(true));
  }

  /** The lock while it is held. The thread that acquired it has to release it, once. */
  public final class Held {

    private final FileChannel channel;

    private Held(FileChannel channel) {
      this.channel = channel;
    }

    /** Gives the lock back. */
    public void release() {
      close(channel);
    }
  }

  /**
   * Waits for the lock.
   *
   * @throws TimeoutException if it is held elsewhere for so long; the message says by whom
   * @throws IOException if the file cannot be opened or locked
   */
  public Held acquire(Duration timeout) throws IOException, InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + timeout.toNanos();
    if (!mutex.tryLock(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new TimeoutException("another thread of this process");
    }
    FileChannel channel = null;
    boolean locked = false;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      waitFor(channel, deadline);
      locked = true;
      return new Held(channel);
    } finally {
      if (!locked) {
        close(channel);
      }
    }
  }

  private static void waitFor(FileChannel channel, long deadline)
      throws IOException, InterruptedException, TimeoutException {
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
        throw new TimeoutException("another process");
      }
      Thread.sleep(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
    }
  }

  /** Closing the channel gives the file lock up. */
  private void close(@Nullable FileChannel channel) {
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
}
