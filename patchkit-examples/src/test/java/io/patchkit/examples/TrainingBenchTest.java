package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.PatchkitException;
import io.patchkit.Prefix;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.format.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingBenchTest {

  @TempDir Path folder;

  @Test
  void refusesATakenPlaceBeforeItTrains() throws Exception {
    Path out = Files.createDirectory(folder.resolve("out"));
    Path work = folder.resolve("out-work");
    assertThatThrownBy(() -> TrainingBench.open(ExampleArguments.parse("", Set.of()), out, work))
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining(out + " is there already")
        .hasMessageContaining("--work " + work);
  }

  /** Binary16 has 10 fraction bits: 1 + 2^-12 is saved as 1, 1 + 2^-9 as itself. */
  @Test
  void knowsAPatchThatItSaved() {
    Prefix prefix = keyValue(0.5f, 1 + 0x1p-12f);
    Path out = folder.resolve("saved");
    Patch.of(manifest(), prefix).save(out, DType.F16);
    Patch saved = Patch.load(out);
    assertThat(saved.prefix()).isNotEqualTo(prefix);
    assertThat(TrainingBench.holds(saved, prefix)).isTrue();
    assertThat(TrainingBench.holds(saved, keyValue(0.5f, 1 + 0x1p-9f))).isFalse();
    assertThat(TrainingBench.holds(saved, keyValue(0.5f, 1, 0.5f, 1))).isFalse();
    assertThat(
            TrainingBench.holds(
                saved, SoftPrompt.of(2, EmbeddingSpace.LAYER_INPUT, new float[] {0.5f, 1})))
        .isFalse();
  }

  private static Prefix keyValue(float... rows) {
    return KeyValuePrefix.of(1, 1, 1, rows);
  }

  private static PatchManifest manifest() {
    return PatchManifest.of(
        "p",
        new SemanticVersion(1, 0, 0, ""),
        new BaseModel("base", List.of(), null, 0, 0, 0, 0),
        Instant.EPOCH);
  }
}
