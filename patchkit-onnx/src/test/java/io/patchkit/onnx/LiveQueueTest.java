package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationQueue;
import io.patchkit.GenerationRequest;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.release.Activation;
import io.patchkit.release.Change;
import io.patchkit.release.InstalledPatch;
import io.patchkit.release.LiveOptions;
import io.patchkit.release.LivePatches;
import io.patchkit.release.PatchStore;
import io.patchkit.trust.Curve;
import io.patchkit.trust.PatchFiles;
import io.patchkit.trust.Signer;
import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.VerifiedPatch;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service: one queue over a model, and the patches that a store has active. */
@Timeout(120)
class LiveQueueTest {

  private static final Path CASE = Path.of("src/test/resources/cases/llama");
  private static final Change ANN = Change.by("ann");
  private static final GenerationRequest REQUEST =
      GenerationRequest.of(
          "The river",
          GenerationOptions.defaults().withMaxNewTokens(12).withIgnoreStopTokens(true));

  @TempDir Path folder;

  @Test
  void aQueueServesWhatTheStoreHasActive() throws Exception {
    PatchStore store = PatchStore.open(folder.resolve("store"));
    LiveOptions options = LiveOptions.defaults().withPollInterval(Duration.ZERO);
    try (OnnxModel model = OnnxModel.open(CASE, OnnxOptions.defaults().withThreads(1));
        GenerationQueue queue = model.openQueue(10);
        LivePatches live = LivePatches.follow(model, store, options)) {
      Patch first = patch(model, "1.0.0");
      Patch second = patch(model, "2.0.0");
      List<Integer> bare = model.generateAll(List.of(REQUEST)).get(0).tokens();
      List<Integer> throughFirst = tokens(model, first);
      List<Integer> throughSecond = tokens(model, second);
      assertThat(List.of(bare, throughFirst, throughSecond)).doesNotHaveDuplicates();

      assertThat(answer(queue, live)).isEqualTo(bare);
      store.activate(install(store, first).digest(), ANN);
      live.refresh();
      assertThat(answer(queue, live)).isEqualTo(throughFirst);
      long good = live.generation().number();
      store.activate(install(store, second).digest(), ANN);
      live.refresh();
      assertThat(answer(queue, live)).isEqualTo(throughSecond);
      store.rollback(good, ANN);
      live.refresh();
      assertThat(answer(queue, live)).isEqualTo(throughFirst);

      store.activate(install(store, second).digest(), Activation.canary(1), ANN);
      live.refresh();
      assertThat(answer(queue, live)).isEqualTo(throughSecond);
      assertThat(queue.submit(REQUEST).get(60, TimeUnit.SECONDS).tokens()).isEqualTo(bare);
    }
  }

  private static List<Integer> answer(GenerationQueue queue, LivePatches live) throws Exception {
    GenerationRequest patched = REQUEST.withPatches(live.model("user 7").patches());
    return queue.submit(patched).get(60, TimeUnit.SECONDS).tokens();
  }

  private static List<Integer> tokens(OnnxModel model, Patch patch) {
    return model.generateAll(List.of(REQUEST.withPatch(patch))).get(0).tokens();
  }

  private InstalledPatch install(PatchStore store, Patch patch) {
    Path directory = folder.resolve(patch.id() + "-" + System.nanoTime());
    patch.save(directory);
    PatchFiles files = PatchFiles.read(directory);
    Signer signer = Signer.generate(Curve.P256);
    TrustPolicy policy = TrustPolicy.of(signer.verificationKey());
    return store.install(
        VerifiedPatch.verify(files, List.of(signer.sign(files)), policy, Clock.systemUTC()), ANN);
  }

  /** Virtual tokens that change with the version. */
  private static Patch patch(OnnxModel model, String version) {
    int hidden = model.shape().hiddenSize();
    float[] rows = new float[5 * hidden];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = version.startsWith("1") ? i % 7 - 3 : 3 - i % 5;
    }
    return Patch.of(
        PatchManifest.of(
            "calm", SemanticVersion.parse(version), BaseModel.of(model), Instant.EPOCH),
        SoftPrompt.of(hidden, EmbeddingSpace.LAYER_INPUT, rows));
  }
}
