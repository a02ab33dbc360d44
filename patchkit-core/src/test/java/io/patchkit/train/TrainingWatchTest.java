package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.format.JsonObject;
import io.patchkit.train.TrainingWarning.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

class TrainingWatchTest {

  private final TinyModel model = new TinyModel(5);
  private final TrainingPlan plan =
      TrainingPlan.of(
          Initialisation.softPrompt("bad", 2),
          100,
          Term.steer("prefer", Dpo.of(TinyData.pairs(model)), 1),
          Term.preserve("benign", Sft.of(TinyData.benign(model)), 1));
  private TrainingWatch watch = new TrainingWatch(plan, JsonObject.builder().build());

  /** The steps and kinds of the warnings that these curves bring about. */
  private List<String> watch(int steps, IntToDoubleFunction margin, IntToDoubleFunction benign) {
    List<String> warnings = new ArrayList<>();
    for (int step = 0; step < steps; step++) {
      if (step % 7 == 3) {
        watch = new TrainingWatch(plan, watch.memory());
      }
      PreferenceProgress preference = new PreferenceProgress(0, 0, margin.applyAsDouble(step), 0);
      TrainingProgress progress =
          new TrainingProgress(
              step,
              steps,
              1,
              List.of(
                  new TermProgress("prefer", 1, null, preference),
                  new TermProgress("benign", benign.applyAsDouble(step), null, null)),
              1,
              1,
              1,
              1,
              Duration.ZERO,
              Duration.ZERO);
      for (TrainingWarning warning : watch.observe(progress)) {
        assertThat(warning.step()).isEqualTo(step);
        warnings.add(step + " " + warning.kind());
      }
    }
    return warnings;
  }

  @Test
  void saysOnceThatMarginsStayAtZero() {
    assertThat(watch(40, step -> 1e-9, step -> 1)).containsExactly("9 " + Kind.MARGINS_STUCK);
  }

  @Test
  void saysNothingWhenMarginsLeaveZeroInTime() {
    assertThat(watch(40, step -> step % 9 == 8 ? 0.01 : 0, step -> 1)).isEmpty();
  }

  @Test
  void saysWhenAPreservedLossRisesAndAgainWhenItGrows() {
    // After k rising steps the mean of twenty is 1 + 0.0025 k (k + 1). It exceeds 1 by four
    // standard
    // errors first at k = 12, by 0.39 and 4.1 of them; by more than twice that at k = 18, by 0.855.
    assertThat(watch(40, step -> 1, step -> step < 20 ? 1 : 1 + 0.1 * (step - 19)))
        .containsExactly("31 " + Kind.PRESERVED_LOSS_RISING, "37 " + Kind.PRESERVED_LOSS_RISING);
  }

  @Test
  void saysNothingOfALossThatFallsOrTremblesOrIsNearNothing() {
    assertThat(watch(60, step -> 1, step -> 2 - step * 0.02)).isEmpty();
    assertThat(watch(60, step -> 1, step -> 0.8 + (step % 2) * 0.2)).isEmpty();
    assertThat(watch(60, step -> 1, step -> 1e-4 * step)).isEmpty();
  }

  /** The divergence on one benign text a step is about exponentially distributed. */
  @Test
  void hardlyEverTakesNoiseForARise() {
    int warnings = 0;
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      watch = new TrainingWatch(plan, JsonObject.builder().build());
      warnings += watch(500, step -> 1, step -> -0.1 * Math.log(1 - random.nextDouble())).size();
    }
    assertThat(warnings).isLessThanOrEqualTo(10);
  }
}
