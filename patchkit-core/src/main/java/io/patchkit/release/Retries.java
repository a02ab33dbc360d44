package io.patchkit.release;

import io.patchkit.release.RegistryException.Reason;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Attempts at one step of an operation, with growing pauses between them, until the operation's
 * deadline.
 */
final class Retries {

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(20);

  private final OciOptions options;
  private final long deadlineNanos;

  Retries(OciOptions options) {
    this.options = options;
    this.deadlineNanos = System.nanoTime() + options.deadline().toNanos();
  }

  /** A failure that may pass. */
  static final class Transient extends Exception {
    private static final long serialVersionUID = 1L;

    final Reason reason;
    final Duration wish;

    /**
     * @param wish how long the server wants to be left alone, zero if it does not say
     */
    Transient(Reason reason, String message, Duration wish) {
      super(message);
      this.reason = reason;
      this.wish = wish;
    }
  }

  /** One attempt. */
  interface Attempt<T> {
    T run() throws Transient;
  }

  /** Nanoseconds until the deadline. */
  long remainingNanos() {
    long remaining = deadlineNanos - System.nanoTime();
    if (remaining <= 0) {
      throw late(null);
    }
    return remaining;
  }

  private RegistryException late(@Nullable Transient last) {
    String message =
        "expected the registry to be done within "
            + options.deadline()
            + ", found it is not"
            + (last == null ? "" : " (" + last.getMessage() + ")")
            + "; try again, or allow more time with OciOptions.withDeadline";
    return last == null
        ? new RegistryException(Reason.DEADLINE, message)
        : new RegistryException(Reason.DEADLINE, message, last);
  }

  /**
   * Attempts something until it succeeds, fails for good, or the attempts or the time are used up.
   */
  <T> T run(String what, Attempt<T> attempt) {
    Duration pause = options.firstPause();
    for (int i = 1; ; i++) {
      try {
        return attempt.run();
      } catch (Transient e) {
        if (i == options.attempts()) {
          throw new RegistryException(
              e.reason, what + " failed " + i + " times, at last so: " + e.getMessage(), e);
        }
        sleep(e, pause);
        pause = min(pause.multipliedBy(2), LONGEST_PAUSE);
      }
    }
  }

  private void sleep(Transient reason, Duration pause) {
    long nanos = pause.toNanos();
    nanos -= ThreadLocalRandom.current().nextLong(nanos / 2 + 1);
    nanos = Math.max(nanos, min(reason.wish, LONGEST_PAUSE).toNanos());
    if (nanos >= deadlineNanos - System.nanoTime()) {
      throw late(reason);
    }
    try {
      Thread.sleep(Duration.ofNanos(nanos).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryException(Reason.CONNECTION, "interrupted between attempts", e);
    }
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
