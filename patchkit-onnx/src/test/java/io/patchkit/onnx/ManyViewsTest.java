package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.PatchStack;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What many patches and many views of one model cost. */
class ManyViewsTest {

  private static final Path CASES = Path.of("src/test/resources/cases");

  /** Of the cases: 2 layers with keys and values of 2 heads · 16 floats. */
  private static final int BYTES_PER_TOKEN = 2 * 2 * 2 * 16 * Float.BYTES;

  private static final int HIDDEN = 32;
  private static final int LENGTH = 50;

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa"})
  void aThousandViewsOfAHundredPatchesHoldTheirPrefixesOnly(String name) {
    try (OnnxModel model = open(name)) {
      List<PatchStack> stacks = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        stacks.add(PatchStack.of(patch(i)));
      }
      List<LanguageModel> views = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        views.add(model.withPatches(stacks.get(i % stacks.size())));
      }
      assertThat(model.metrics().prefixes()).isEqualTo(100);
      assertThat(model.metrics().prefixBytes()).isEqualTo(100L * LENGTH * BYTES_PER_TOKEN);
      assertThat(model.metrics().prefixMisses()).isEqualTo(100);
      assertThat(model.metrics().prefilledTokens()).isEqualTo(100 * LENGTH);

      GenerationOptions how = GenerationOptions.defaults().withMaxNewTokens(3);
      for (LanguageModel view : views) {
        view.generate("The river", how);
      }
      assertThat(model.metrics().prefixBytes()).isEqualTo(100L * LENGTH * BYTES_PER_TOKEN);
      assertThat(model.metrics().prefixMisses()).as("nothing is encoded again").isEqualTo(100);
    }
  }

  /** Where the system tells (Linux): a copy of the weights a view would be twice the bound. */
  @Test
  void viewsCopyNoWeights() throws IOException {
    try (OnnxModel model = open("llama")) {
      GenerationOptions how = GenerationOptions.defaults().withMaxNewTokens(3);
      model.withPatches(PatchStack.of(patch(1_000))).generate("The river", how);
      ResidentMemory before = ResidentMemory.now();
      long weights = Files.size(CASES.resolve("llama/model.onnx"));
      List<LanguageModel> views = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        LanguageModel view = model.withPatches(PatchStack.of(patch(i % 100)));
        view.generate("The river", how);
        views.add(view);
      }
      assertThat(ResidentMemory.now().outsideTheHeapSince(before))
          .as("native memory of %d views", views.size())
          .isLessThan(1_000 * weights / 2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa"})
  void aPatchOnTopOfAnEncodedStackCostsItsOwnTokens(String name) {
    try (OnnxModel model = open(name)) {
      Patch below = patch(1);
      Patch above = patch(2);
      model.withPatches(PatchStack.of(below));
      long fed = model.metrics().prefilledTokens();
      assertThat(fed).isEqualTo(LENGTH);
      long bytes = model.metrics().prefixBytes();
      model.withPatches(PatchStack.of(below, above));
      assertThat(model.metrics().prefilledTokens() - fed).isEqualTo(LENGTH);
      // What requests start from is whole: the longer stack holds the keys and values of both.
      assertThat(model.metrics().prefixBytes() - bytes).isEqualTo(2L * LENGTH * BYTES_PER_TOKEN);
      // Another order is another stack: nothing of it is known.
      model.withPatches(PatchStack.of(above, below));
      assertThat(model.metrics().prefilledTokens() - fed).isEqualTo(3 * LENGTH);
    }
  }

  private static OnnxModel open(String name) {
    return OnnxModel.open(CASES.resolve(name), OnnxOptions.defaults().withThreads(1));
  }

  private static Patch patch(int seed) {
    float[] rows = new float[LENGTH * HIDDEN];
    Random random = new Random(seed);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    return Patch.of(
        PatchManifest.of(
            "p" + seed,
            new SemanticVersion(1, 0, 0, ""),
            new BaseModel("llama", List.of(), null, HIDDEN, 0, 0, 0),
            Instant.EPOCH),
        SoftPrompt.of(HIDDEN, EmbeddingSpace.LAYER_INPUT, rows));
  }
}
