package io.patchkit.release.channel;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A clock that has something else happen, for a second at most, when it is first asked. */
final class MeanwhileClock extends Clock {

  private final Clock clock;
  private final FutureTask<?> other;
  private final AtomicBoolean starts = new AtomicBoolean(true);

  MeanwhileClock(Clock clock, FutureTask<?> other) {
    this.clock = clock;
    this.other = other;
  }

  @Override
  public Instant instant() {
    if (starts.compareAndSet(true, false)) {
      new Thread(other).start();
      try {
        other.get(1, TimeUnit.SECONDS);
      } catch (InterruptedException | ExecutionException e) {
        throw new AssertionError(e);
      } catch (TimeoutException e) {
        // It waits, as it should.
      }
    }
    return clock.instant();
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }
}
