package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.PatchkitException;
import io.patchkit.Prefix;
import io.patchkit.format.Safetensors;
import io.patchkit.format.SafetensorsLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a training makes of checkpoints that are not as it wrote them. */
class DamagedCheckpointTest {

  private static final int STEPS = 7;

  @TempDir private Path folder;

  private final TinyModel model = new TinyModel(5);

  private final TrainingPlan plan =
      TrainingPlan.of(
              new Initialisation.RandomNormal(Parametrisation.SOFT_PROMPT, 3, 0.5),
              STEPS,
              Term.steer("refuse", Sft.of(TinyData.refusals(model)), 2),
              Term.preserve("benign", new Counterfactual(TinyData.benign(model), 4), 2))
          .withValidation(
              Validation.every(2, Term.preserve("held-out", Sft.of(TinyData.benign(model)), 1)));

  private PatchTrainer trainer(int everySteps) {
    return PatchTrainer.of(model, plan).withCheckpoints(folder, everySteps);
  }

  /** Notes the step that a trainer goes on from. */
  private static PatchTrainer noting(PatchTrainer trainer, List<Integer> firstSteps) {
    return trainer.withListener(
        new TrainingListener() {
          @Override
          public void onStart(TrainingPlan started, int firstStep) {
            firstSteps.add(firstStep);
          }
        });
  }

  @Test
  void keepsTheNewestTwoAndPassesOverADamagedOne() throws IOException {
    TrainedPatch whole = trainer(1).train();
    assertThat(names()).containsExactly("step-00000006.safetensors", "step-00000007.safetensors");
    for (int damage = 0; damage < 3; damage++) {
      Path newest = folder.resolve("step-00000007.safetensors");
      byte[] bytes = Files.readAllBytes(newest);
      byte[] damaged = damage == 0 ? new byte[0] : bytes.clone();
      if (damage == 1) {
        damaged = Arrays.copyOf(bytes, bytes.length - 1);
      } else if (damage == 2) {
        damaged[bytes.length - 2] ^= 1;
      }
      Files.write(newest, damaged);
      List<Integer> firstSteps = new ArrayList<>();
      TrainedPatch resumed = noting(trainer(1), firstSteps).train();
      assertThat(firstSteps).containsExactly(6);
      assertThat(resumed).isEqualTo(whole);
    }
  }

  /** What a checkpoint holds beside its tensors, each with one digit changed in place. */
  @ParameterizedTest
  @ValueSource(
      strings = {"step", "curves", "sinceImprovement", "watch", "bar", "best", "plan", "base"})
  void passesOverACheckpointOfWhichADigitChanged(String field) throws IOException {
    TrainedPatch whole = trainer(1).train();
    Path newest = folder.resolve("step-00000007.safetensors");
    byte[] bytes = Files.readAllBytes(newest);
    Matcher digit =
        Pattern.compile("\\\\\"" + field + "\\\\\":[^0-9]*([0-9])")
            .matcher(new String(bytes, StandardCharsets.ISO_8859_1));
    assertThat(digit.find()).isTrue();
    bytes[digit.start(1)] ^= 1;
    Files.write(newest, bytes);
    List<Integer> firstSteps = new ArrayList<>();
    assertThat(noting(trainer(1), firstSteps).train()).isEqualTo(whole);
    assertThat(firstSteps).containsExactly(6);
  }

  @Test
  void refusesAStateBeyondTheLastStep() {
    CheckpointFolder checkpoints = CheckpointFolder.open(folder);
    Prefix start = plan.initialisation().prefix(model, 9);
    ComputedBy here = ComputedBy.here(model);
    TrainingState state = TrainingState.initial(start, here);
    state.step = STEPS + 1;
    CheckpointFolder.Training training =
        new CheckpointFolder.Training(PlanJson.of(plan), "base", "", STEPS);
    checkpoints.save(state, training);
    assertThatThrownBy(() -> checkpoints.load(start, training, here))
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining("step");
  }

  @Test
  void checkpointsThatFailAreToldOf() throws IOException {
    Path damaged = Files.createDirectory(folder.resolve("damaged"));
    Files.write(damaged.resolve("step-00000003.safetensors"), new byte[] {1, 2, 3});
    Path noFolder = Files.writeString(folder.resolve("file"), "mine");
    for (Path checkpoints : List.of(damaged, noFolder)) {
      List<Throwable> told = new ArrayList<>();
      PatchTrainer trainer =
          PatchTrainer.of(model, plan)
              .withCheckpoints(checkpoints, 1)
              .withListener(
                  new TrainingListener() {
                    @Override
                    public void onFailure(Throwable cause) {
                      told.add(cause);
                    }
                  });
      assertThatThrownBy(trainer::train)
          .isInstanceOf(PatchkitException.class)
          .satisfies(thrown -> assertThat(told).singleElement().isSameAs(thrown));
    }
  }

  @Test
  void refusesToStartAnewOverDamagedCheckpoints() throws IOException {
    trainer(1).train();
    List<String> names = names();
    for (String name : names) {
      Files.write(folder.resolve(name), new byte[] {1, 2, 3});
    }
    assertThatThrownBy(() -> trainer(1).train())
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining("step-00000006.safetensors")
        .hasMessageContaining("step-00000007.safetensors")
        .hasMessageContaining("move them away to start anew");
    assertThat(names()).isEqualTo(names);
    for (String name : names) {
      Files.delete(folder.resolve(name));
    }
    assertThat(trainer(1).train()).isEqualTo(PatchTrainer.of(model, plan).train());
  }

  @Test
  void refusesACheckpointOfAnotherVersionThoughAnOlderOneReads() throws IOException {
    trainer(1).train();
    Path newest = folder.resolve("step-00000007.safetensors");
    Safetensors content = Safetensors.load(newest, SafetensorsLimits.defaults());
    Map<String, String> later = new LinkedHashMap<>(content.metadata());
    later.replaceAll((key, text) -> text.replaceFirst("\"version\":\\d+", "\"version\":77"));
    Files.write(newest, new Safetensors(content.tensors(), later).toBytes());
    assertThatThrownBy(() -> trainer(1).train())
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining("step-00000007.safetensors is a checkpoint of version 77, expected");
    assertThat(names()).hasSize(2);
  }

  @Test
  void removesWhatACrashLeftHalfWritten() throws IOException {
    Path half = folder.resolve(".0f8fad5b-d9cb-469f-a165-70867728950e.tmp");
    Path other = folder.resolve("notes.tmp");
    Files.writeString(half, "half");
    Files.writeString(other, "mine");
    trainer(5).train();
    assertThat(half).doesNotExist();
    assertThat(other).exists();
  }

  private List<String> names() {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
