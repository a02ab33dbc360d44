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

  /**
   * Does it, again where it was broken off; the thread stays interrupted if it was or became so.
   */
  static void run(Access access) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          access.run();
          return;
        } catch (ClosedByInterruptException e) {
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
