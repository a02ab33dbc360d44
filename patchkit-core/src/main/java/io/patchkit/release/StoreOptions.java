package io.patchkit.release;

import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * How a store is kept.
 *
 * @param keepGenerations newest generations that garbage collection keeps beside the current one
 *     and the pinned ones, at least 1
 * @param lockTimeout how long a change waits for other changes
 * @param installLease how long an installed patch is kept that no generation has yet
 * @param revocations what is asked before a patch is installed, activated or rolled back to
 * @param clock the time
 */
public record StoreOptions(
    int keepGenerations,
    Duration lockTimeout,
    Duration installLease,
    Revocations revocations,
    Clock clock) {

  private static final StoreOptions DEFAULTS =
      new StoreOptions(
          10, Duration.ofSeconds(30), Duration.ofDays(1), Revocations.none(), Clock.systemUTC());

  public StoreOptions {
    if (keepGenerations < 1) {
      throw new IllegalArgumentException(
          "keepGenerations is " + keepGenerations + "; allowed: at least 1");
    }
    if (lockTimeout.isNegative() || installLease.isNegative()) {
      throw new IllegalArgumentException(
          "lockTimeout and installLease are "
              + lockTimeout
              + " and "
              + installLease
              + "; allowed: zero or more");
    }
    Objects.requireNonNull(revocations, "revocations");
    Objects.requireNonNull(clock, "clock");
  }

  /** Ten generations, half a minute for the lock, a day's lease, no revocations, the real time. */
  public static StoreOptions defaults() {
    return DEFAULTS;
  }

  public StoreOptions withKeepGenerations(int keepGenerations) {
    return edited(draft -> draft.keepGenerations = keepGenerations);
  }

  public StoreOptions withLockTimeout(Duration lockTimeout) {
    return edited(draft -> draft.lockTimeout = lockTimeout);
  }

  public StoreOptions withInstallLease(Duration installLease) {
    return edited(draft -> draft.installLease = installLease);
  }

  public StoreOptions withRevocations(Revocations revocations) {
    return edited(draft -> draft.revocations = revocations);
  }

  public StoreOptions withClock(Clock clock) {
    return edited(draft -> draft.clock = clock);
  }

  private StoreOptions edited(Consumer<Draft> edit) {
    Draft draft = new Draft(this);
    edit.accept(draft);
    return draft.build();
  }

  /** The fields while one of them changes. */
  private static final class Draft {
    int keepGenerations;
    Duration lockTimeout;
    Duration installLease;
    Revocations revocations;
    Clock clock;

    Draft(StoreOptions from) {
      keepGenerations = from.keepGenerations;
      lockTimeout = from.lockTimeout;
      installLease = from.installLease;
      revocations = from.revocations;
      clock = from.clock;
    }

    StoreOptions build() {
      return new StoreOptions(keepGenerations, lockTimeout, installLease, revocations, clock);
    }
  }
}
