package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.Prefix;
import io.patchkit.train.TrainingWarning.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A training ends where its numbers are no longer finite, and says where its last good state is.
 */
class DivergenceTest {

  private static final int STEPS = 9;

  @TempDir private Path folder;

  private final TinyModel model = new TinyModel(5);
  private final List<TrainingWarning> warnings = new ArrayList<>();
  private final List<Integer> steps = new ArrayList<>();

  private final TrainingPlan plan =
      TrainingPlan.of(
          new Initialisation.RandomNormal(Parametrisation.SOFT_PROMPT, 3, 0.5),
          STEPS,
          Term.steer("refuse", Sft.of(TinyData.refusals(model)), 2));

  /** A model whose gradients hold a number in their first place after some calls. */
  private static TinyModel breaking(int afterCalls, float number) {
    return new TinyModel(5) {
      private int calls;

      @Override
      public Gradient gradient(Prefix prefix, List<TrainingRow> rows) {
        Gradient gradient = super.gradient(prefix, rows);
        float[] values = gradient.values();
        values[0] = ++calls > afterCalls ? number : values[0];
        return Gradient.of(gradient.logProbabilities(), values);
      }
    };
  }

  private TrainingListener recorder() {
    return new TrainingListener() {
      @Override
      public void onStep(TrainingProgress progress) {
        steps.add(progress.step());
      }

      @Override
      public void onWarning(TrainingWarning warning) {
        warnings.add(warning);
      }
    };
  }

  @Test
  void aGradientThatIsNotFiniteEndsTheTrainingWithAWarning() {
    PatchTrainer trainer = PatchTrainer.of(breaking(3, Float.NaN), plan).withListener(recorder());
    assertThatThrownBy(trainer::train)
        .isInstanceOfSatisfying(
            TrainingDivergedException.class,
            e -> {
              assertThat(e.step()).isEqualTo(3);
              assertThat(e.lastCheckpoint()).isNull();
            })
        .hasMessageContaining("a gradient of norm NaN")
        .hasMessageContaining("lower the learning rate");
    assertThat(warnings).extracting(TrainingWarning::kind).containsExactly(Kind.NOT_FINITE);
    assertThat(steps).hasSize(3);
  }

  @Test
  void aMarginThatIsNotFiniteEndsTheTrainingToo() {
    TinyModel broken =
        new TinyModel(5) {
          private int calls;

          @Override
          public RowLogProbabilities logProbabilities(
              @Nullable Prefix prefix, List<TrainingRow> rows) {
            RowLogProbabilities found = super.logProbabilities(prefix, rows);
            double[] first = found.row(0);
            // References, a forward and a backward run of the first step; then the forward run of
            // the next.
            first[0] = ++calls > 3 ? Double.NaN : first[0];
            List<double[]> all = new ArrayList<>(List.of(first));
            for (int row = 1; row < found.size(); row++) {
              all.add(found.row(row));
            }
            return RowLogProbabilities.of(all);
          }
        };
    TrainingPlan pairs =
        TrainingPlan.of(
            plan.initialisation(),
            STEPS,
            Term.steer("prefer", Dpo.of(TinyData.pairs(model).subList(0, 2)), 2));
    assertThatThrownBy(() -> PatchTrainer.of(broken, pairs).train())
        .isInstanceOf(TrainingDivergedException.class)
        .hasMessageContaining("the loss NaN");
  }

  @Test
  void aTrainingThatDivergesLeavesItsLastGoodCheckpoint() {
    PatchTrainer trainer =
        PatchTrainer.of(breaking(5, Float.POSITIVE_INFINITY), plan).withCheckpoints(folder, 2);
    assertThatThrownBy(trainer::train)
        .isInstanceOfSatisfying(TrainingDivergedException.class, e -> assertCheckpoint(e, 4))
        .hasMessageContaining("the last good state is in");
    assertThat(PatchTrainer.of(model, plan).withCheckpoints(folder, 2).train())
        .isEqualTo(PatchTrainer.of(model, plan).train());
  }

  @Test
  void aResumedTrainingThatDivergesAtOnceNamesTheCheckpointThatItCameFrom() {
    PatchTrainer crashing =
        PatchTrainer.of(model, plan).withCheckpoints(folder, 3).withListener(new CrashAfter(4));
    assertThatThrownBy(crashing::train).isInstanceOf(CrashAfter.Crash.class);
    PatchTrainer resumed = PatchTrainer.of(breaking(0, Float.NaN), plan).withCheckpoints(folder, 3);
    assertThatThrownBy(resumed::train)
        .isInstanceOfSatisfying(TrainingDivergedException.class, e -> assertCheckpoint(e, 3));
  }

  private void assertCheckpoint(TrainingDivergedException e, int step) {
    assertThat(e.lastCheckpoint())
        .isEqualTo(folder.resolve("step-0000000" + step + ".safetensors"));
  }
}
