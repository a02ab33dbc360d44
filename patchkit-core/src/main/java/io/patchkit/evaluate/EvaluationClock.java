package io.patchkit.evaluate;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Estimates the time left: the items that are left of each suite, at the pace of those measured in
 * this run; a suite that has not begun goes at the pace of all. Not thread-safe.
 */
final class EvaluationClock {

  private final LongSupplier nanoTime;
  private final long started;
  private final Map<String, Integer> left = new HashMap<>();
  private final Map<String, Integer> measured = new HashMap<>();
  private final Map<String, Long> spent = new HashMap<>();

  EvaluationClock(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.started = nanoTime.getAsLong();
  }

  /** Says that so many items of a suite are to be measured. */
  void expect(String suite, int items) {
    left.merge(suite, items, Integer::sum);
  }

  /** Says that some of them have been, in so many nanoseconds. */
  void measured(String suite, int items, long nanos) {
    left.merge(suite, -items, Integer::sum);
    measured.merge(suite, items, Integer::sum);
    spent.merge(suite, nanos, Long::sum);
  }

  long now() {
    return nanoTime.getAsLong();
  }

  Duration elapsed() {
    return Duration.ofNanos(now() - started);
  }

  Duration remaining() {
    long allSpent = 0;
    long allMeasured = 0;
    for (String suite : measured.keySet()) {
      allSpent += spent.getOrDefault(suite, 0L);
      allMeasured += measured.getOrDefault(suite, 0);
    }
    double nanos = 0;
    for (Map.Entry<String, Integer> suite : left.entrySet()) {
      int count = measured.getOrDefault(suite.getKey(), 0);
      double pace =
          count > 0
              ? (double) spent.getOrDefault(suite.getKey(), 0L) / count
              : (double) allSpent / Math.max(1, allMeasured);
      nanos += pace * suite.getValue();
    }
    return Duration.ofNanos((long) nanos);
  }
}
