package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.EmbeddingSpace;
import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationListener;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationRequest;
import io.patchkit.LanguageModel;
import io.patchkit.Patch;
import io.patchkit.PatchStack;
import io.patchkit.Prompt;
import io.patchkit.TokenStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who opens closes; requests come and go, many at once, and leave nothing behind. */
class LifecycleTest {

  private static final Path CASES = Path.of("src/test/resources/cases");
  private static final int LONG_TOKENS = 100;
  private static final GenerationOptions LONG =
      GenerationOptions.defaults().withMaxNewTokens(LONG_TOKENS).withIgnoreStopTokens(true);

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa"})
  void refusesUseAfterClose(String name) {
    OnnxModel model = OnnxModel.open(CASES.resolve(name));
    LanguageModel view = model.withPatches(adapters("a"));
    TokenStream stream = view.stream("The river", LONG);
    stream.iterator().next();
    model.close();
    model.close();
    assertThatThrownBy(() -> stream.iterator().next())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    stream.close();
    List<Callable<?>> uses =
        List.of(
            () -> view.generate("x"),
            () -> model.generate("x"),
            () -> model.stream("x"),
            () -> model.nextTokenLogits("x"),
            () -> model.score("x", "y"),
            () -> model.withPatches(adapters("b")),
            () -> model.embeddings(new int[] {1}),
            () -> model.countTokens(Prompt.text("x")),
            () -> model.tokenizer().encode("x", true));
    for (Callable<?> use : uses) {
      assertThatThrownBy(use::call)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa", "gpt2"})
  void aCloseDuringGenerationsEndsThem(String name) throws Exception {
    for (int round = 0; round < 5; round++) {
      OnnxModel model = OnnxModel.open(CASES.resolve(name));
      ExecutorService threads = Executors.newFixedThreadPool(4);
      CountDownLatch running = new CountDownLatch(4);
      List<Future<Generation>> requests = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        requests.add(
            threads.submit(
                () -> {
                  while (true) {
                    running.countDown();
                    model.generate("The river ran", LONG);
                  }
                }));
      }
      running.await();
      Thread.sleep(20L * round);
      model.close();
      for (Future<Generation> request : requests) {
        assertThatThrownBy(request::get)
            .hasCauseInstanceOf(IllegalStateException.class)
            .hasMessageContaining("closed");
      }
      threads.shutdown();
    }
  }

  @Test
  void closingAStreamCancelsIt() {
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama-gqa"))) {
      TokenStream stream = model.stream("The river", LONG);
      Iterator<String> pieces = stream.iterator();
      String first = pieces.next();
      assertThatThrownBy(stream::generation).isInstanceOf(IllegalStateException.class);
      stream.close();
      stream.close();
      assertThat(pieces.hasNext()).isFalse();
      Generation generation = stream.generation();
      assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(generation.text()).startsWith(first);
      assertThat(generation.tokens().size()).isLessThan(LONG_TOKENS);
    }
  }

  @Test
  void closingAStreamFromAnotherThreadEndsItsIteration() throws Exception {
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama-gqa"))) {
      TokenStream stream = model.stream("The river", LONG);
      CountDownLatch started = new CountDownLatch(1);
      ExecutorService thread = Executors.newSingleThreadExecutor();
      Future<Integer> pieces =
          thread.submit(
              () -> {
                int count = 0;
                for (Iterator<String> i = stream.iterator(); i.hasNext(); i.next()) {
                  started.countDown();
                  count++;
                }
                return count;
              });
      started.await();
      stream.close();
      assertThat(pieces.get()).isLessThan(LONG_TOKENS);
      assertThat(stream.generation().finishReason())
          .isIn(FinishReason.CANCELLED, FinishReason.MAX_NEW_TOKENS);
      thread.shutdown();
    }
  }

  @Test
  void aFailureIsToldOnce() {
    List<String> told = new ArrayList<>();
    GenerationListener listener =
        new GenerationListener() {
          @Override
          public void finished(PatchStack patches, Generation generation) {
            told.add(generation.finishReason().toString());
          }

          @Override
          public void failed(PatchStack patches, RuntimeException failure) {
            told.add(failure.getMessage());
          }
        };
    OnnxModel model =
        OnnxModel.open(
            Path.of("src/test/resources/cases/llama"),
            OnnxOptions.defaults().withListener(listener));
    GenerationOptions options = GenerationOptions.defaults().withMaxNewTokens(5);
    try (TokenStream stream = model.stream("The river", options)) {
      model.close();
      assertThatThrownBy(stream.iterator()::hasNext).isInstanceOf(IllegalStateException.class);
    }
    assertThat(told).singleElement().asString().contains("the model is closed");
    assertThat(model.metrics().failed()).isEqualTo(1);
    assertThat(model.metrics().finished().values()).containsOnly(0L);
  }

  @Test
  void stopsAtTheTimeLimit() {
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama-gqa"))) {
      Generation generation = model.generate("The river", LONG.withTimeLimit(Duration.ofNanos(1)));
      assertThat(generation.finishReason()).isEqualTo(FinishReason.TIME_LIMIT);
      assertThat(generation.tokens()).hasSize(1);
    }
  }

  /** Sixteen threads with different patches and options say what each would have said alone. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa", "llama-int4"})
  void manyAtOnceSayWhatEachSaysAlone(String name) throws Exception {
    List<PatchStack> stacks =
        List.of(PatchStack.empty(), adapters("a"), adapters("b"), adapters("a", "b"));
    try (OnnxModel model =
        OnnxModel.open(CASES.resolve(name), OnnxOptions.defaults().withThreads(1))) {
      List<Callable<String>> requests = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        GenerationOptions options =
            GenerationOptions.defaults()
                .withMaxNewTokens(8 + i % 7)
                .withTemperature(i % 3 == 0 ? 0 : 0.9)
                .withTopP(i % 2 == 0 ? 1 : 0.9)
                .withSeed(i)
                .withIgnoreStopTokens(true);
        PatchStack stack = stacks.get(i % stacks.size());
        String prompt = "The river ran slowly past".substring(0, 5 + i % 20);
        requests.add(() -> model.withPatches(stack).generate(prompt, options).text());
      }
      List<String> alone = new ArrayList<>();
      for (Callable<String> request : requests) {
        alone.add(request.call());
      }
      ExecutorService threads = Executors.newFixedThreadPool(16);
      List<String> together = new ArrayList<>();
      for (Future<String> text : threads.invokeAll(requests)) {
        together.add(text.get());
      }
      threads.shutdown();
      assertThat(together).isEqualTo(alone);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa"})
  void memoryStaysFlatOverManyGenerations(String name) throws IOException {
    try (OnnxModel model =
        OnnxModel.open(
            CASES.resolve(name),
            OnnxOptions.defaults().withThreads(1).withPrefixCacheBytes(4096))) {
      // A cache too small for them, so that prefixes are encoded and dropped all the time.
      List<LanguageModel> views =
          List.of(model, model.withPatches(adapters("a")), model.withPatches(adapters("a", "b")));
      GenerationOptions options =
          GenerationOptions.defaults().withMaxNewTokens(12).withIgnoreStopTokens(true);
      // Of each phase the least counts: what the garbage collector and the compiler hold varies.
      long early = Long.MAX_VALUE;
      long late = Long.MAX_VALUE;
      for (int i = 0; i < 2_400; i++) {
        views.get(i % views.size()).generate("The river ran", options);
        if (i % 100 == 0 && i >= 200) {
          long found = ResidentMemory.now().outsideTheHeap();
          early = i < 1_000 ? Math.min(early, found) : early;
          late = i >= 1_600 ? Math.min(late, found) : late;
        }
      }
      assertThat(late - early).isLessThan(16L << 20);
    }
  }

  /** The rows that run, those whose prompts are fed, and those that wait. */
  @Test
  void closingTheModelEndsEveryRequestOfACall() throws InterruptedException {
    CountDownLatch stands = new CountDownLatch(1);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    AtomicInteger told = new AtomicInteger();
    GenerationListener listener =
        new GenerationListener() {
          @Override
          public void finished(PatchStack patches, Generation generation) {
            if (told.incrementAndGet() == 1) {
              stands.countDown();
              assertThatCode(mayGoOn::await).doesNotThrowAnyException();
            }
          }

          @Override
          public void failed(PatchStack patches, RuntimeException failure) {
            told.incrementAndGet();
          }
        };
    OnnxOptions options =
        OnnxOptions.defaults().withThreads(1).withBatchRows(2).withListener(listener);
    OnnxModel model = OnnxModel.open(CASES.resolve("llama-gqa"), options);
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      requests.add(GenerationRequest.of("The river", LONG.withMaxNewTokens(5 + i)));
    }
    CompletableFuture<List<Generation>> call =
        CompletableFuture.supplyAsync(() -> model.generateAll(requests));
    stands.await();
    model.close();
    mayGoOn.countDown();
    assertThatThrownBy(call::join).hasCauseInstanceOf(IllegalStateException.class);
    assertThat(told).hasValue(12);
    assertThat(model.metrics().failed()).isEqualTo(11);
  }

  @Test
  void viewsLeaveTheModelAndEachOtherUnchanged() {
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama-gqa"))) {
      Prompt prompt = Prompt.text("The river");
      float[] before = model.nextTokenLogits(prompt);
      LanguageModel a = model.withPatches(adapters("a"));
      float[] patched = a.nextTokenLogits(prompt);
      LanguageModel b = a.withPatches(adapters("b"));
      b.generate(prompt, LONG);
      assertThat(model.nextTokenLogits(prompt)).isEqualTo(before);
      assertThat(a.nextTokenLogits(prompt)).isEqualTo(patched).isNotEqualTo(before);
      assertThat(b.patches()).isEqualTo(adapters("b"));
      assertThat(model.patches().isEmpty()).isTrue();
    }
  }

  private static PatchStack adapters(String... names) {
    List<Patch> patches = new ArrayList<>();
    for (String name : names) {
      patches.add(Patch.fromPeft(CASES.resolve("llama/peft-" + name), EmbeddingSpace.LAYER_INPUT));
    }
    return PatchStack.of(patches);
  }
}
