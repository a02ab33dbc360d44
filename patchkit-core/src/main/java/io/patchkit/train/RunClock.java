package io.patchkit.train;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How long a training takes: steps and judgements have a mean each, for one judgement may take as
 * long as many steps, and comes before the first. Not thread-safe.
 */
final class RunClock {

  private final Clock clock;
  private final int steps;
  private final @Nullable StateJudge judge;
  private final int firstStep;
  private final Instant begun;
  private Duration judging = Duration.ZERO;
  private int judgements;

  /**
   * Begins to run.
   *
   * @param steps of the whole training
   * @param judge null where states are not judged
   * @param firstStep that is made from now on
   */
  RunClock(Clock clock, int steps, @Nullable StateJudge judge, int firstStep) {
    this.clock = clock;
    this.steps = steps;
    this.judge = judge;
    this.firstStep = firstStep;
    this.begun = clock.instant();
  }

  Instant now() {
    return clock.instant();
  }

  /** Takes the time of a judgement. */
  <T> T judging(Supplier<T> judgement) {
    Instant from = clock.instant();
    T found = judgement.get();
    judging = judging.plus(Duration.between(from, clock.instant()));
    judgements++;
    return found;
  }

  Duration elapsed(Instant now) {
    return Duration.between(begun, now);
  }

  /**
   * What is left at the means so far; as if no training ended early.
   *
   * @param step the last one that was made
   */
  Duration remaining(int step, Instant now) {
    Duration stepping = elapsed(now).minus(judging);
    Duration left = stepping.dividedBy(step + 1L - firstStep).multipliedBy(steps - step - 1L);
    if (judge == null || judgements == 0) {
      return left;
    }
    long due = 0;
    for (int state = step + 1; state <= steps; state++) {
      due += judge.isDue(state, steps) ? 1 : 0;
    }
    return left.plus(judging.dividedBy(judgements).multipliedBy(due));
  }
}
