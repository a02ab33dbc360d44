package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationQueue;
import io.patchkit.GenerationRequest;
import io.patchkit.LanguageModel;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.PatchStack;
import io.patchkit.Prompt;
import io.patchkit.QueueFullException;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.TokenStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Everything at once for a while: patches that come and go, single requests, streams that are
 * dropped, batches, a queue, requests that are refused. Every text is the right one and memory
 * stays flat. {@code -Dpatchkit.soak.seconds=1800} makes it half an hour.
 */
class SoakTest {

  private static final Path CASES = Path.of("src/test/resources/cases");
  private static final int WORKERS = 4;
  private static final int PATCHES = 12;
  private static final int PROMPTS = 5;
  private static final GenerationOptions OPTIONS =
      GenerationOptions.defaults().withMaxNewTokens(12).withIgnoreStopTokens(true);

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa"})
  void mixedLoadKeepsTextsRightAndMemoryFlat(String name) throws Exception {
    long seconds = Long.getLong("patchkit.soak.seconds", 8);
    // Room for a few of the patches, so that they are evicted and encoded again.
    OnnxOptions options =
        OnnxOptions.defaults().withThreads(1).withBatchRows(3).withPrefixCacheBytes(20_000);
    try (OnnxModel model = OnnxModel.open(CASES.resolve(name), options);
        GenerationQueue queue = model.openQueue(4)) {
      Load load = new Load(model, queue);
      ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
      try {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        List<Future<Integer>> running = new ArrayList<>();
        for (int worker = 0; worker < WORKERS; worker++) {
          Random random = new Random(worker);
          Callable<Integer> work =
              () -> {
                int turns = 0;
                while (System.nanoTime() < end) {
                  load.turn(random);
                  turns++;
                }
                return turns;
              };
          running.add(workers.submit(work));
        }
        TimeUnit.SECONDS.sleep(seconds / 2);
        ResidentMemory half = ResidentMemory.now();
        int turns = 0;
        for (Future<Integer> worker : running) {
          turns += worker.get();
        }
        assertThat(turns).isGreaterThan(50);
        assertThat(ResidentMemory.now().outsideTheHeapSince(half)).isLessThan(64L << 20);
        assertThat(model.metrics().failed()).isZero();
        assertThat(model.metrics().prefixMisses()).isGreaterThan(PATCHES);
        assertThat(model.metrics().prefixBytes()).isLessThanOrEqualTo(20_000);
      } finally {
        workers.shutdownNow();
      }
    }
  }

  /** What workers do, and what they must get. */
  private static final class Load {

    private final OnnxModel model;
    private final GenerationQueue queue;
    private final List<PatchStack> stacks = new ArrayList<>();
    private final List<List<Generation>> expected = new ArrayList<>();

    Load(OnnxModel model, GenerationQueue queue) {
      this.model = model;
      this.queue = queue;
      stacks.add(PatchStack.empty());
      for (int i = 0; i < PATCHES; i++) {
        stacks.add(PatchStack.of(patch(model, i)));
      }
      for (PatchStack stack : stacks) {
        List<Generation> answers = new ArrayList<>();
        for (int prompt = 0; prompt < PROMPTS; prompt++) {
          answers.add(model.withPatches(stack).generate(text(prompt), OPTIONS));
        }
        expected.add(answers);
      }
    }

    private static Patch patch(LanguageModel model, int seed) {
      int hidden = model.shape().hiddenSize();
      float[] rows = new float[6 * hidden];
      Random random = new Random(seed);
      for (int i = 0; i < rows.length; i++) {
        rows[i] = (float) random.nextGaussian();
      }
      return Patch.of(
          PatchManifest.of(
              "p" + seed, new SemanticVersion(1, 0, 0, ""), BaseModel.of(model), Instant.EPOCH),
          SoftPrompt.of(hidden, EmbeddingSpace.LAYER_INPUT, rows));
    }

    private static String text(int prompt) {
      return "The river ran".repeat(1 + prompt);
    }

    void turn(Random random) throws Exception {
      int stack = random.nextInt(stacks.size());
      int prompt = random.nextInt(PROMPTS);
      LanguageModel view = model.withPatches(stacks.get(stack));
      switch (random.nextInt(5)) {
        case 0 -> check(stack, prompt, view.generate(text(prompt), OPTIONS));
        case 1 -> {
          try (TokenStream stream = view.stream(text(prompt), OPTIONS)) {
            stream.iterator().next();
          }
        }
        case 2 -> batch(random);
        case 3 -> queued(stack, prompt, random.nextBoolean());
        default -> {
          assertThatThrownBy(() -> view.generate(Prompt.tokens(-1), OPTIONS))
              .isInstanceOf(IllegalArgumentException.class);
          assertThatThrownBy(() -> view.generate(text(prompt), OPTIONS.withMaxNewTokens(100_000)))
              .hasMessageContaining("context");
        }
      }
    }

    private void batch(Random random) {
      List<GenerationRequest> requests = new ArrayList<>();
      List<int[]> asked = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        int stack = random.nextInt(stacks.size());
        int prompt = random.nextInt(PROMPTS);
        asked.add(new int[] {stack, prompt});
        requests.add(GenerationRequest.of(text(prompt), OPTIONS).withPatches(stacks.get(stack)));
      }
      List<Generation> generations = model.generateAll(requests);
      for (int i = 0; i < 5; i++) {
        check(asked.get(i)[0], asked.get(i)[1], generations.get(i));
      }
    }

    private void queued(int stack, int prompt, boolean drop) throws Exception {
      try {
        CompletableFuture<Generation> answer =
            queue.submit(
                GenerationRequest.of(text(prompt), OPTIONS).withPatches(stacks.get(stack)));
        if (drop) {
          answer.cancel(true);
        } else {
          check(stack, prompt, answer.get(60, TimeUnit.SECONDS));
        }
      } catch (QueueFullException e) {
        assertThat(e).hasMessageContaining("4 requests wait");
      }
    }

    private void check(int stack, int prompt, Generation found) {
      assertThat(found.tokens()).isEqualTo(expected.get(stack).get(prompt).tokens());
    }
  }
}
