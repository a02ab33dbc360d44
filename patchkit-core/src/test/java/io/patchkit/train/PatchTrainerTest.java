package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.ModelShape;
import io.patchkit.Patch;
import io.patchkit.Prefix;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.train.TrainedPatch.StopReason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PatchTrainerTest {

  private final TinyModel model = new TinyModel(5);
  private final Recorder recorder = new Recorder();

  private static final class Recorder implements TrainingListener {
    final List<TrainingProgress> steps = new ArrayList<>();
    final List<ValidationResult> validations = new ArrayList<>();
    final List<TrainingWarning> warnings = new ArrayList<>();
    final List<Throwable> failures = new ArrayList<>();
    @Nullable TrainedPatch trained;

    @Override
    public void onStep(TrainingProgress progress) {
      steps.add(progress);
    }

    @Override
    public void onValidation(ValidationResult result) {
      validations.add(result);
    }

    @Override
    public void onWarning(TrainingWarning warning) {
      warnings.add(warning);
    }

    @Override
    public void onFinish(TrainedPatch trained) {
      this.trained = trained;
    }

    @Override
    public void onFailure(Throwable cause) {
      failures.add(cause);
    }

    TermProgress term(int step, int term) {
      return steps.get(step).terms().get(term);
    }
  }

  private static Initialisation instruction(Parametrisation parametrisation) {
    return new Initialisation.Instruction("bad", parametrisation, 4);
  }

  private TrainingPlan sft(Parametrisation parametrisation, int steps) {
    return TrainingPlan.of(
            instruction(parametrisation),
            steps,
            Term.steer("refuse", Sft.of(TinyData.refusals(model)), 4))
        .withLearningRate(LearningRate.cosine(0.1));
  }

  private TrainedPatch train(TrainingPlan plan) {
    return PatchTrainer.of(model, plan).withListener(recorder).train();
  }

  @ParameterizedTest
  @EnumSource(Parametrisation.class)
  void fineTuningLowersTheLoss(Parametrisation parametrisation) {
    TrainedPatch trained = train(sft(parametrisation, 80));
    assertThat(recorder.steps).hasSize(80);
    assertThat(recorder.steps.get(79).loss()).isLessThan(0.5 * recorder.steps.get(0).loss());
    assertThat(trained.steps()).isEqualTo(80);
    assertThat(trained.selectedStep()).isEqualTo(80);
    assertThat(trained.stopReason()).isEqualTo(StopReason.STEPS_DONE);
    assertThat(recorder.trained).isEqualTo(trained);
    assertThat(trained.prefix() instanceof KeyValuePrefix)
        .isEqualTo(parametrisation == Parametrisation.KEY_VALUE);
  }

  @ParameterizedTest
  @EnumSource(Parametrisation.class)
  void preferenceOptimisationRaisesMargins(Parametrisation parametrisation) {
    Dpo dpo = Dpo.of(TinyData.pairs(model));
    train(
        TrainingPlan.of(instruction(parametrisation), 40, Term.steer("prefer", dpo, 5))
            .withLearningRate(LearningRate.constant(0.05)));
    PreferenceProgress first = Objects.requireNonNull(recorder.term(0, 0).preference());
    PreferenceProgress last = Objects.requireNonNull(recorder.term(39, 0).preference());
    assertThat(first.margin()).isZero();
    assertThat(first.accuracy()).isZero();
    assertThat(recorder.steps.get(0).loss()).isCloseTo(Math.log(2), within(1e-12));
    assertThat(last.margin()).isGreaterThan(0.3);
    assertThat(last.accuracy()).isEqualTo(1);
    assertThat(recorder.steps.get(39).loss()).isLessThan(0.6);
  }

  @Test
  void theCounterfactualTermHoldsTheModelWhereItWas() {
    Counterfactual quiet = new Counterfactual(TinyData.benign(model), 10);
    double moved = klAfter(sft(Parametrisation.KEY_VALUE, 60), quiet);
    TrainingPlan both =
        TrainingPlan.of(
                instruction(Parametrisation.KEY_VALUE),
                60,
                Term.steer("refuse", Sft.of(TinyData.refusals(model)), 4),
                Term.preserve("benign", quiet, 3).withWeight(3))
            .withLearningRate(LearningRate.cosine(0.1));
    double held = klAfter(both, quiet);
    assertThat(held).isLessThan(0.6 * moved);
    TrainingProgress last = recorder.steps.get(recorder.steps.size() - 1);
    assertThat(last.loss())
        .isCloseTo(last.terms().get(0).loss() + 3 * last.terms().get(1).loss(), within(1e-12));
    assertThat(last.terms().get(1).kl()).isNotNull();
  }

  private double klAfter(TrainingPlan plan, Counterfactual quiet) {
    Prefix prefix = train(plan).prefix();
    return SoleObjective.bind(quiet, model, prefix, 8)
        .loss(prefix, new int[] {0, 1, 2, 3, 4}, 1, null)
        .loss();
  }

  @Test
  void distillationApproachesTheTeacher() {
    List<SoftTargets> targets = new ArrayList<>();
    Prefix teacher = model.keyValues(new int[] {4, 4, 1});
    for (AnswerTokens answer : TinyData.refusals(model)) {
      targets.add(SoftTargets.of(model, teacher, answer, 10));
    }
    train(
        TrainingPlan.of(
                instruction(Parametrisation.KEY_VALUE),
                120,
                Term.steer("distil", new Distillation(targets), 6))
            .withLearningRate(LearningRate.cosine(0.1)));
    assertThat(Objects.requireNonNull(recorder.term(119, 0).kl()))
        .isNotNegative()
        .isLessThan(0.1 * Objects.requireNonNull(recorder.term(0, 0).kl()));
  }

  @Test
  void aPlanSaysThatItsDivergencesCountTheRest() {
    SoftTargets targets = SoftTargets.of(model, null, TinyData.benign(model).get(0), 4);
    TrainingPlan plan =
        TrainingPlan.of(
            instruction(Parametrisation.SOFT_PROMPT),
            1,
            Term.steer("distil", new Distillation(List.of(targets)), 1),
            Term.preserve("benign", new Counterfactual(TinyData.benign(model), 4), 1));
    assertThat(plan.describe())
        .contains("{\"kind\":\"distillation\",\"rest\":true}")
        .contains("{\"kind\":\"counterfactual\",\"k\":4,\"rest\":true}");
  }

  @Test
  void allListenersAreToldOfTheResultWhateverOneOfThemThrows() {
    RuntimeException first = new IllegalStateException("first");
    RuntimeException second = new IllegalStateException("second");
    TrainingPlan plan = sft(Parametrisation.SOFT_PROMPT, 2);
    PatchTrainer trainer =
        PatchTrainer.of(model, plan)
            .withListener(failing(first))
            .withListener(recorder)
            .withListener(failing(second));
    assertThatThrownBy(trainer::train).isSameAs(first).hasSuppressedException(second);
    assertThat(recorder.trained).isEqualTo(PatchTrainer.of(model, plan).train());
    assertThat(recorder.failures).isEmpty();
  }

  private static TrainingListener failing(RuntimeException failure) {
    return new TrainingListener() {
      @Override
      public void onFinish(TrainedPatch trained) {
        throw failure;
      }
    };
  }

  @Test
  void equalPlansGiveEqualPatchesAndOtherSeedsOthers() {
    TrainingPlan plan = sft(Parametrisation.SOFT_PROMPT, 6);
    assertThat(train(plan)).isEqualTo(train(plan));
    assertThat(train(plan.withSeed(1)).prefix()).isNotEqualTo(train(plan).prefix());
    assertThat(train(plan).provenance().get("curves.sha256"))
        .hasSize(64)
        .isNotEqualTo(train(plan.withSeed(1)).provenance().get("curves.sha256"));
    Initialisation random = new Initialisation.RandomNormal(Parametrisation.SOFT_PROMPT, 4, 0.5);
    assertThat(random.prefix(model, 1))
        .isEqualTo(random.prefix(model, 1))
        .isNotEqualTo(random.prefix(model, 2));
  }

  @Test
  void everyStepIsTheWeightedClippedGradientThroughTheOptimizer() {
    TrainingPlan plan =
        TrainingPlan.of(
                instruction(Parametrisation.KEY_VALUE),
                4,
                Term.steer("refuse", Sft.of(TinyData.refusals(model)), 2),
                Term.steer("prefer", Dpo.of(TinyData.pairs(model)), 3).withWeight(5))
            .withLearningRate(LearningRate.cosine(0.1))
            .withFrozenPositions(1)
            .withMaxGradientNorm(0.3)
            .withSeed(8);
    Prefix start = plan.initialisation().prefix(model, 8);
    float[] numbers = TrainingState.numbers(start);
    AdamW.Moments moments = AdamW.Moments.zero(numbers.length);
    int frozen = numbers.length / 4;
    List<Double> norms = new ArrayList<>();
    for (int step = 0; step < 4; step++) {
      double[] gradient = new double[numbers.length];
      for (Term term : plan.terms()) {
        int[] items =
            new BatchOrder(term.name(), term.objective().size(), term.perStep(), 8).items(step);
        SoleObjective.bind(term.objective(), model, start, 4)
            .loss(TrainingState.prefix(start, numbers), items, term.weight(), gradient);
      }
      norms.add(GradientClipping.norm(gradient, frozen));
      GradientClipping.clip(gradient, norms.get(step), 0.3);
      double rate = plan.learningRate().at(step, 4);
      plan.optimizer().step(numbers, gradient, moments, step + 1, rate, StepSizes.equal(), frozen);
    }
    // Terms that go through the model together are summed up in another order.
    assertThat(TrainingState.numbers(train(plan).prefix())).containsExactly(numbers, within(1e-5f));
    for (int step = 0; step < 4; step++) {
      assertThat(recorder.steps.get(step).gradientNorm()).isCloseTo(norms.get(step), within(1e-6));
    }
    assertThat(norms).allMatch(norm -> norm > 0.3);
  }

  @Test
  void frozenPositionsStayAsTheyAre() {
    TrainingPlan plan =
        sft(Parametrisation.KEY_VALUE, 5)
            .withFrozenPositions(1)
            .withOptimizer(AdamW.defaults().withWeightDecay(0.1));
    float[] before = TrainingState.numbers(plan.initialisation().prefix(model, 0));
    float[] after = TrainingState.numbers(train(plan).prefix());
    int width = before.length / 4;
    for (int i = 0; i < before.length; i++) {
      assertThat(after[i] == before[i]).as("number %d", i).isEqualTo(i < width);
    }
  }

  @Test
  void aSoftPromptBeforeTheEmbeddingScaleIsMovedBehindIt() {
    TinyModel scaled =
        new TinyModel(5) {
          @Override
          public ModelShape shape() {
            ModelShape s = super.shape();
            return new ModelShape(
                s.hiddenSize(),
                s.layers(),
                s.keyValueHeads(),
                s.headDim(),
                s.vocabularySize(),
                s.contextLength(),
                2);
          }
        };
    float[] rows = {1, 2, 3, 4, 5, 6};
    float[] doubled = {2, 4, 6, 8, 10, 12};
    Term term = Term.steer("refuse", Sft.of(TinyData.refusals(model)), 2);
    TrainingPlan before = TrainingPlan.of(from(EmbeddingSpace.TOKEN_TABLE, rows), 2, term);
    TrainingPlan behind = TrainingPlan.of(from(EmbeddingSpace.LAYER_INPUT, doubled), 2, term);
    assertThat(PatchTrainer.of(scaled, before).train().prefix())
        .isEqualTo(PatchTrainer.of(scaled, behind).train().prefix());
    assertThat(train(TrainingPlan.of(from(EmbeddingSpace.UNSPECIFIED, doubled), 2, term)).prefix())
        .isEqualTo(train(behind).prefix());
    assertThatThrownBy(
            () ->
                PatchTrainer.of(
                        scaled, TrainingPlan.of(from(EmbeddingSpace.UNSPECIFIED, rows), 2, term))
                    .train())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("before or after the model's embedding scale 2.0");
  }

  private static Initialisation from(EmbeddingSpace space, float[] rows) {
    return Initialisation.from(SoftPrompt.of(TinyModel.HIDDEN, space, rows));
  }

  @Test
  void theStateWithTheLowestHeldOutLossIsTaken() {
    Term heldOut = Term.preserve("held-out", Sft.of(TinyData.benign(model)), 1);
    TrainingPlan plan =
        sft(Parametrisation.KEY_VALUE, 30)
            .withLearningRate(LearningRate.constant(0.2))
            .withValidation(Validation.every(5, heldOut));
    TrainedPatch trained = train(plan);
    assertThat(recorder.validations)
        .extracting(ValidationResult::step)
        .containsExactly(0, 5, 10, 15, 20, 25, 30);
    ValidationResult lowest = recorder.validations.get(0);
    for (ValidationResult result : recorder.validations) {
      boolean lower = Objects.requireNonNull(result.loss()) < Objects.requireNonNull(lowest.loss());
      assertThat(result.isBest()).isEqualTo(lower || result.step() == 0);
      lowest = lower ? result : lowest;
    }
    assertThat(trained.selectedStep()).isEqualTo(lowest.step()).isLessThan(30);
    assertThat(trained.provenance()).containsEntry("selection", "held-out loss");
  }

  @Test
  void theLastStateIsJudgedWheneverItComes() {
    train(
        sft(Parametrisation.KEY_VALUE, 7)
            .withValidation(
                Validation.every(3, Term.preserve("b", Sft.of(TinyData.benign(model)), 1))));
    assertThat(recorder.validations).extracting(ValidationResult::step).containsExactly(0, 3, 6, 7);
  }

  @Test
  void stopsWhenTheCriterionNoLongerImproves() {
    TrainingPlan plan =
        sft(Parametrisation.SOFT_PROMPT, 50).withValidation(Validation.every(2).withPatience(3));
    List<Double> scores = new ArrayList<>(List.of(1.0, 5.0, 4.0, 5.0, 4.5, 9.0));
    TrainedPatch trained =
        PatchTrainer.of(model, plan)
            .withListener(recorder)
            .withSelection("refusals", prefix -> scores.remove(0))
            .train();
    assertThat(trained.stopReason()).isEqualTo(StopReason.NO_IMPROVEMENT);
    assertThat(trained.steps()).isEqualTo(8);
    assertThat(trained.selectedStep()).isEqualTo(2);
    assertThat(recorder.validations)
        .extracting(ValidationResult::sinceImprovement)
        .containsExactly(0, 0, 1, 2, 3);
    assertThat(scores).containsExactly(9.0);
    assertThat(trained.prefix()).isEqualTo(trainTwoStepsOf(plan));
    assertThat(trained.provenance()).containsEntry("selection", "refusals");
  }

  /** The state after the first two of a plan's steps. */
  private Prefix trainTwoStepsOf(TrainingPlan plan) {
    List<Prefix> states = new ArrayList<>();
    PatchTrainer.of(model, plan)
        .withSelection(
            "refusals",
            prefix -> {
              states.add(prefix);
              return states.size();
            })
        .train();
    return states.get(1);
  }

  @Test
  void improvementsTooSmallDoNotCountForPatienceButAreTaken() {
    TrainingPlan plan =
        sft(Parametrisation.SOFT_PROMPT, 50).withValidation(new Validation(1, 2, 1.0, List.of()));
    List<Double> scores = new ArrayList<>(List.of(0.0, 0.6, 1.2, 1.3, 1.4));
    TrainedPatch trained =
        PatchTrainer.of(model, plan).withSelection("s", prefix -> scores.remove(0)).train();
    assertThat(trained.steps()).isEqualTo(4);
    assertThat(trained.selectedStep()).isEqualTo(4);
  }

  @Test
  void speedAndRemainingTimeComeFromTheClock() {
    Clock clock =
        new Clock() {
          private Instant now = Instant.EPOCH;

          @Override
          public Instant instant() {
            now = now.plusSeconds(1);
            return now;
          }

          @Override
          public ZoneOffset getZone() {
            return ZoneOffset.UTC;
          }

          @Override
          public Clock withZone(java.time.ZoneId zone) {
            return this;
          }
        };
    TrainingPlan plan =
        TrainingPlan.of(
            instruction(Parametrisation.SOFT_PROMPT),
            5,
            Term.steer(
                "a", Sft.of(List.of(AnswerTokens.of(new int[] {1, 2}, new int[] {3, 9}))), 3));
    PatchTrainer.of(model, plan).withListener(recorder).withClock(clock).train();
    TrainingProgress second = recorder.steps.get(1);
    assertThat(second.tokens()).isEqualTo(12);
    assertThat(second.tokensPerSecond()).isEqualTo(12);
    // Each step asks twice, and the start once: four seconds for two steps, three are left.
    assertThat(second.elapsed()).isEqualTo(Duration.ofSeconds(4));
    assertThat(second.remaining()).isEqualTo(Duration.ofSeconds(6));
    assertThat(recorder.steps.get(4).remaining()).isEqualTo(Duration.ZERO);
  }

  @Test
  void theResultSaysHowItCameToBe() {
    TrainedPatch first = train(sft(Parametrisation.KEY_VALUE, 3).withSeed(42));
    assertThat(first.provenance())
        .containsEntry("seed", "42")
        .containsEntry("steps", "3")
        .containsEntry("base.fingerprints", model.base().fingerprints().get(0))
        .containsEntry("runtime", "java doubles")
        .containsEntry("data.refuse.examples", "6")
        .containsEntry("data.refuse.sha256", Sft.of(TinyData.refusals(model)).dataDigest())
        .containsKeys("plan", "plan.sha256", "curves.sha256", "library", "java", "start.digest");
    TrainingPlan second =
        TrainingPlan.of(
            Initialisation.from(first), 2, Term.steer("b", Dpo.of(TinyData.pairs(model)), 2));
    Patch patch =
        train(second).toPatch("refuse-harm", SemanticVersion.parse("1.0.0"), Instant.EPOCH);
    assertThat(patch.manifest().provenance())
        .containsEntry("before.seed", "42")
        .containsEntry("seed", "0")
        .containsEntry("start.digest", first.prefix().digest());
    assertThat(patch.manifest().base()).isEqualTo(model.base());
  }

  @Test
  void refusesWhatCannotBeTrained() {
    TrainingPlan plan = sft(Parametrisation.SOFT_PROMPT, 3);
    assertThatThrownBy(() -> train(plan.withFrozenPositions(4)))
        .hasMessageContaining("frozenPositions is 4; allowed: fewer than the 4 positions");
    assertThatThrownBy(() -> train(plan.withValidation(Validation.every(2))))
        .hasMessageContaining("no held-out")
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> PatchTrainer.of(model, plan).withSelection("s", prefix -> 0))
        .hasMessageContaining("no validation");
    Prefix misfit = KeyValuePrefix.of(2, 1, 3, new float[12]);
    assertThatThrownBy(
            () -> train(TrainingPlan.of(Initialisation.from(misfit), 3, plan.terms().get(0))))
        .hasMessageContaining("does not fit");
    assertThatThrownBy(() -> TrainingPlan.of(plan.initialisation(), 3))
        .hasMessageContaining("terms is empty");
    assertThatThrownBy(
            () ->
                TrainingPlan.of(plan.initialisation(), 3, plan.terms().get(0), plan.terms().get(0)))
        .hasMessageContaining("two terms named 'refuse'");
    assertThatThrownBy(() -> plan.withMaxGradientNorm(0))
        .hasMessageContaining("maxGradientNorm is 0.0");
  }
}
