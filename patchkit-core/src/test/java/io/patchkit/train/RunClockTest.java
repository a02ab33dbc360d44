package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunClockTest {

  /** Moves when it is told to. */
  private static final class SetClock extends Clock {
    private Instant now = Instant.EPOCH;

    void pass(long seconds) {
      now = now.plusSeconds(seconds);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneOffset getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @Test
  void judgementsAreNoPartOfTheMeanStep() {
    TinyModel model = new TinyModel(5);
    SetClock clock = new SetClock();
    TrainingPlan plan =
        TrainingPlan.of(
                new Initialisation.RandomNormal(Parametrisation.SOFT_PROMPT, 3, 0.5),
                5,
                Term.steer("refuse", Sft.of(TinyData.refusals(model)), 2))
            .withValidation(Validation.every(2));
    List<Duration> remaining = new ArrayList<>();
    PatchTrainer.of(model, plan)
        .withClock(clock)
        .withSelection(
            "slow",
            prefix -> {
              clock.pass(100);
              return 0;
            })
        .withListener(
            new TrainingListener() {
              @Override
              public void onStep(TrainingProgress progress) {
                remaining.add(progress.remaining());
                clock.pass(3);
              }
            })
        .train();
    // Judged after 0, 2, 4 and 5 steps. The listener's three seconds count for the next step.
    assertThat(remaining)
        .extracting(Duration::toSeconds)
        .containsExactly(300L, 304L, 204L, 202L, 100L);
  }
}
