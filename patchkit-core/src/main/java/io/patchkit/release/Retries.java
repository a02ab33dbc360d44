package io.patchkit.release;

import io.patchkit.release.RegistryException.Reason;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Attempts at one step of an operation, with growing pauses between them, until the operation's
 * deadline.
 */
final class Retries {

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(20);

  private final OciOptions options;
  private final LongSupplier nanoTime;
  private final LongUnaryOperator random;
  private final Sleeper sleeper;
  private final long deadlineNanos;

  Retries(OciOptions options) {
    this(
        options,
        System::nanoTime,
        bound -> ThreadLocalRandom.current().nextLong(bound),
        pause -> Thread.sleep(pause.toMillis()));
  }

  /**
   * @param nanoTime the time, as {@link System#nanoTime} gives it
   * @param random gives a number from 0 to below its operand
   */
  Retries(OciOptions options, LongSupplier nanoTime, LongUnaryOperator random, Sleeper sleeper) {
    this.options = options;
    this.nanoTime = nanoTime;
    this.random = random;
    this.sleeper = sleeper;
    this.deadlineNanos = nanoTime.getAsLong() + options.deadline().toNanos();
  }

  /** What lets a pause pass. */
  interface Sleeper {
    void sleep(Duration pause) throws InterruptedException;
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
    long remaining = deadlineNanos - nanoTime.getAsLong();
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
    nanos -= random.applyAsLong(nanos / 2 + 1);
    nanos = Math.max(nanos, min(reason.wish, LONGEST_PAUSE).toNanos());
    if (nanos >= deadlineNanos - nanoTime.getAsLong()) {
      throw late(reason);
    }
    try {
      sleeper.sleep(Duration.ofNanos(nanos));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RegistryException(Reason.CONNECTION, "interrupted between attempts", e);
    }
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
