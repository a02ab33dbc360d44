package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.KeyValuePrefix;
import io.patchkit.PatchkitException;
import io.patchkit.Prefix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A training that is cut off anywhere and started again ends as if it had not been. */
class ResumeTest {

  private static final int STEPS = 7;

  @TempDir private Path folder;

  private final TinyModel model = new RoundingModel();

  private TrainingPlan plan(Parametrisation parametrisation) {
    return TrainingPlan.of(
            new Initialisation.RandomNormal(parametrisation, 3, 0.5),
            STEPS,
            Term.steer("refuse", Sft.of(TinyData.refusals(model)), 2),
            Term.steer("prefer", Dpo.of(TinyData.pairs(model)).withAnchor(0.1), 2),
            Term.preserve("benign", new Counterfactual(TinyData.benign(model), 4), 2))
        .withLearningRate(LearningRate.cosine(0.05))
        .withRelativeSteps(parametrisation == Parametrisation.KEY_VALUE)
        .withSeed(9)
        .withValidation(
            Validation.every(2, Term.preserve("held-out", Sft.of(TinyData.benign(model)), 1)));
  }

  private PatchTrainer trainer(TrainingPlan plan, int everySteps) {
    return PatchTrainer.of(new RoundingModel(), plan).withCheckpoints(folder, everySteps);
  }

  /** Notes each step that is made. */
  private static PatchTrainer noting(PatchTrainer trainer, List<Integer> steps) {
    return trainer.withListener(
        new TrainingListener() {
          @Override
          public void onStep(TrainingProgress progress) {
            steps.add(progress.step());
          }
        });
  }

  @ParameterizedTest
  @EnumSource(Parametrisation.class)
  void continuesBitByBitFromWhereverItWasCutOff(Parametrisation parametrisation) {
    TrainingPlan plan = plan(parametrisation);
    TrainedPatch whole = PatchTrainer.of(model, plan).train();
    for (int every : new int[] {1, 3}) {
      for (int crash = 0; crash < STEPS; crash++) {
        empty();
        PatchTrainer trainer = trainer(plan, every);
        PatchTrainer crashing = trainer.withListener(new CrashAfter(crash));
        assertThatThrownBy(crashing::train).isInstanceOf(CrashAfter.Crash.class);
        List<Integer> steps = new ArrayList<>();
        TrainedPatch resumed = noting(trainer, steps).train();
        assertThat(steps.get(0)).isEqualTo(crash / every * every);
        assertThat(resumed).as("every %d, crash %d", every, crash).isEqualTo(whole);
        assertThat(trainer.train()).as("trained again").isEqualTo(whole);
      }
    }
  }

  @Test
  void survivesManyCrashesAndEarlyStopping() {
    TrainingPlan plan =
        plan(Parametrisation.SOFT_PROMPT).withValidation(Validation.every(2).withPatience(2));
    float start = TrainingState.numbers(plan.initialisation().prefix(model, plan.seed()))[0];
    List<TrainingWarning.Kind> warnings = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onWarning(TrainingWarning warning) {
            warnings.add(warning.kind());
          }
        };
    PatchTrainer plain =
        PatchTrainer.of(model, plan)
            .withListener(listener)
            .withSelection("near the start", p -> -Math.abs(TrainingState.numbers(p)[0] - start));
    TrainedPatch whole = plain.train();
    assertThat(whole.steps()).isEqualTo(4);
    assertThat(whole.selectedStep()).isZero();
    assertThat(warnings).containsExactly(TrainingWarning.Kind.START_TAKEN);
    PatchTrainer stored = plain.withCheckpoints(folder, 1);
    for (int crash = 1; crash < whole.steps(); crash++) {
      PatchTrainer crashing = stored.withListener(new CrashAfter(crash));
      assertThatThrownBy(crashing::train).isInstanceOf(CrashAfter.Crash.class);
    }
    assertThat(stored.train()).isEqualTo(whole);
  }

  private static double firstNumber(Prefix prefix) {
    return -Math.abs(TrainingState.numbers(prefix)[0]);
  }

  @Test
  void warnsAsIfItHadNotBeenCutOff() {
    TrainingPlan plan =
        TrainingPlan.of(
                new Initialisation.RandomNormal(Parametrisation.SOFT_PROMPT, 3, 0.5),
                14,
                Term.steer("prefer", Dpo.of(TinyData.pairs(model)), 2))
            .withLearningRate(LearningRate.constant(1e-12));
    List<TrainingWarning> warnings = new ArrayList<>();
    PatchTrainer trainer =
        trainer(plan, 2)
            .withListener(
                new TrainingListener() {
                  @Override
                  public void onWarning(TrainingWarning warning) {
                    warnings.add(warning);
                  }
                });
    assertThatThrownBy(() -> trainer.withListener(new CrashAfter(5)).train())
        .isInstanceOf(CrashAfter.Crash.class);
    trainer.train();
    assertThat(warnings).extracting(TrainingWarning::step).containsExactly(9);
  }

  @Test
  void aResultThatAListenerLostIsInTheLastCheckpoint() {
    TrainingListener failing =
        new TrainingListener() {
          @Override
          public void onFinish(TrainedPatch trained) {
            throw new IllegalStateException("disk full");
          }
        };
    TrainingPlan plan = plan(Parametrisation.SOFT_PROMPT);
    for (TrainingPlan each :
        List.of(plan, plan.withValidation(Validation.every(2).withPatience(2)))) {
      empty();
      PatchTrainer plain =
          PatchTrainer.of(model, each).withSelection("near zero", ResumeTest::firstNumber);
      PatchTrainer stored = plain.withCheckpoints(folder, 100);
      assertThatThrownBy(() -> stored.withListener(failing).train()).hasMessage("disk full");
      List<Integer> steps = new ArrayList<>();
      TrainedPatch again = noting(stored, steps).train();
      assertThat(again).isEqualTo(plain.train());
      assertThat(steps).isEmpty();
    }
  }

  @Test
  void anotherRuntimeThanBeforeIsWarnedOf() {
    TrainingPlan plan = plan(Parametrisation.SOFT_PROMPT);
    trainer(plan, 3).train();
    List<String> warnings = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            warnings.add(new SimpleFormatter().formatMessage(record));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(CheckpointFolder.class.getName());
    logger.addHandler(handler);
    try {
      trainer(plan, 3).train();
      assertThat(warnings).isEmpty();
      PatchTrainer.of(elsewhere(), plan).withCheckpoints(folder, 3).train();
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(warnings)
        .singleElement()
        .asString()
        .contains(
            "step-00000007.safetensors was computed by [java doubles] and goes on with [java"
                + " doubles, threads 2]");
  }

  /** Its runtime is another, and so are an instruction's key/values, by more than last bits. */
  private static TinyModel elsewhere() {
    return new RoundingModel() {
      @Override
      public String runtime() {
        return "java doubles, threads 2";
      }

      @Override
      public KeyValuePrefix keyValues(int[] tokens) {
        float[] rows = super.keyValues(tokens).rows();
        for (int i = 0; i < rows.length; i++) {
          rows[i] *= 1.01f;
        }
        return KeyValuePrefix.of(1, HEADS, HEAD_DIM, rows);
      }
    };
  }

  @Test
  void aTrainingFromAnInstructionGoesOnElsewhereFromTheStartThatItHad() {
    TrainingPlan plan =
        TrainingPlan.of(
                Initialisation.keyValue("bad", 3),
                STEPS,
                Term.steer(
                    "prefer",
                    Dpo.of(TinyData.pairs(model)).withReference(new ReferencePolicy.Start()),
                    2))
            .withRelativeSteps(true);
    TrainedPatch whole = PatchTrainer.of(model, plan).train();
    assertThatThrownBy(() -> trainer(plan, 1).withListener(new CrashAfter(4)).train())
        .isInstanceOf(CrashAfter.Crash.class);
    TrainedPatch trained = PatchTrainer.of(elsewhere(), plan).withCheckpoints(folder, 1).train();
    // Nothing but the start differs between the two models.
    assertThat(trained.prefix()).isEqualTo(whole.prefix());
    assertThat(trained.provenance())
        .containsEntry("start.digest", whole.provenance().get("start.digest"))
        .containsEntry("runtime", "java doubles; java doubles, threads 2")
        .containsEntry("library", whole.provenance().get("library"))
        .containsEntry("java", whole.provenance().get("java"));
    assertThat(trainer(plan, 1).train().provenance())
        .containsEntry("runtime", "java doubles; java doubles, threads 2");
  }

  @Test
  void refusesTheCheckpointsOfAnotherTraining() {
    TrainingPlan plan = plan(Parametrisation.SOFT_PROMPT);
    trainer(plan, 3).train();
    assertThatThrownBy(() -> trainer(plan.withSeed(10), 3).train())
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining(
            "belongs to another training: of the plan expected seed 10, found 9; train with");
    assertThatThrownBy(() -> trainer(plan.withMaxGradientNorm(Double.POSITIVE_INFINITY), 3).train())
        .hasMessageContaining("of the plan expected maxGradientNorm absent, found 1.0;");
    Initialisation other =
        Initialisation.from(
            new Initialisation.RandomNormal(Parametrisation.SOFT_PROMPT, 3, 0.5).prefix(model, 3));
    TrainingPlan fromAPrefix = TrainingPlan.of(other, STEPS, plan.terms().toArray(Term[]::new));
    assertThatThrownBy(() -> trainer(fromAPrefix, 3).train())
        .hasMessageContaining("of the plan expected initialisation.kind 'prefix', found 'random';")
        .hasMessageContaining("; and ");
    assertThatThrownBy(
            () -> trainer(plan, 3).withSelection("score", ResumeTest::firstNumber).train())
        .hasMessageContaining("expected the criterion 'score', found 'held-out loss'");
    assertThatThrownBy(
            () -> PatchTrainer.of(new TinyModel(6), plan).withCheckpoints(folder, 3).train())
        .hasMessageContaining("expected the base model '");
  }

  @Test
  void anInterruptedThreadStopsBetweenStepsAndSaves() {
    TrainingPlan plan = plan(Parametrisation.KEY_VALUE);
    TrainingListener interrupting =
        new TrainingListener() {
          @Override
          public void onStep(TrainingProgress progress) {
            if (progress.step() == 3) {
              Thread.currentThread().interrupt();
            }
          }
        };
    assertThatThrownBy(() -> trainer(plan, 100).withListener(interrupting).train())
        .isInstanceOfSatisfying(
            TrainingInterruptedException.class, e -> assertThat(e.step()).isEqualTo(4));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(names()).containsExactly("step-00000004.safetensors");
    assertThat(trainer(plan, 100).train()).isEqualTo(PatchTrainer.of(model, plan).train());
  }

  @Test
  void aTrainingThatIsResumedUnderAnInterruptIsInterruptedAgain() {
    TrainingPlan plan = plan(Parametrisation.KEY_VALUE);
    assertThatThrownBy(() -> trainer(plan, 2).withListener(new CrashAfter(4)).train())
        .isInstanceOf(CrashAfter.Crash.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> trainer(plan, 2).train())
        .isInstanceOfSatisfying(
            TrainingInterruptedException.class, e -> assertThat(e.step()).isEqualTo(4));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(trainer(plan, 2).train()).isEqualTo(PatchTrainer.of(model, plan).train());
  }

  /** Judges after 0, 2, 4, 6 and 7 steps; a score that is cut short is better than any other. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void aJudgementUnderAnInterruptIsMadeAgain(int interrupted) {
    TrainingPlan plan = plan(Parametrisation.SOFT_PROMPT);
    PatchTrainer plain =
        PatchTrainer.of(model, plan).withSelection("score", ResumeTest::firstNumber);
    List<Integer> judged = new ArrayList<>();
    PatchTrainer stored =
        plain
            .withCheckpoints(folder, 100)
            .withListener(
                new TrainingListener() {
                  @Override
                  public void onValidation(ValidationResult result) {
                    judged.add(result.step());
                  }
                });
    AtomicInteger scores = new AtomicInteger();
    PatchTrainer cut =
        stored.withSelection(
            "score",
            prefix -> {
              if (scores.getAndIncrement() == interrupted) {
                Thread.currentThread().interrupt();
                return interrupted % 2 == 0 ? 1 : Double.NaN;
              }
              return firstNumber(prefix);
            });
    int step = Math.min(2 * interrupted, STEPS);
    assertThatThrownBy(cut::train)
        .isInstanceOfSatisfying(
            TrainingInterruptedException.class, e -> assertThat(e.step()).isEqualTo(step));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(stored.train()).isEqualTo(plain.train());
    assertThat(judged).containsExactly(0, 2, 4, 6, 7);
  }

  @Test
  void aScoreThatThrowsUnderAnInterruptIsTakenAgain() {
    TrainingPlan plan = plan(Parametrisation.SOFT_PROMPT);
    PatchTrainer plain =
        PatchTrainer.of(model, plan).withSelection("score", ResumeTest::firstNumber);
    AtomicInteger scores = new AtomicInteger();
    IllegalStateException cancelled = new IllegalStateException("the generation was cancelled");
    PatchTrainer cut =
        plain
            .withCheckpoints(folder, 100)
            .withSelection(
                "score",
                prefix -> {
                  if (scores.getAndIncrement() == 2) {
                    Thread.currentThread().interrupt();
                    throw cancelled;
                  }
                  return firstNumber(prefix);
                });
    assertThatThrownBy(cut::train)
        .isInstanceOfSatisfying(
            TrainingInterruptedException.class, e -> assertThat(e.step()).isEqualTo(4))
        .hasSuppressedException(cancelled);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(names()).containsExactly("step-00000004.safetensors");
    assertThat(plain.withCheckpoints(folder, 100).train()).isEqualTo(plain.train());
  }

  private void empty() {
    for (String name : names()) {
      try {
        Files.delete(folder.resolve(name));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  private List<String> names() {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
