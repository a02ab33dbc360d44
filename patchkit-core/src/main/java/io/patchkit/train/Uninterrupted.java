package io.patchkit.train;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/**
 * File access that a thread's interruption does not break off: a channel closes under an
 * interrupted thread, and what was to be saved because of the interruption would be lost.
 */
final class Uninterrupted {

  private Uninterrupted() {}

  interface Access {
    void run() throws IOException;
  }

  interface Reading<T> {
    T read() throws IOException;
  }

  /** Does it as {@link #read} does. */
  static void run(Access access) throws IOException {
    read(
        () -> {
          access.run();
          return true;
        });
  }

  /**
   * Does it, again where an interruption broke it off; the thread stays interrupted if it was or
   * became so.
   */
  static <T> T read(Reading<T> reading) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return reading.read();
        } catch (IOException e) {
          // AtomicFiles names the file, and has the reason as the cause.
          if (!(e instanceof ClosedByInterruptException)
              && !(e.getCause() instanceof ClosedByInterruptException)) {
            throw e;
          }
          interrupted = true;
          Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
