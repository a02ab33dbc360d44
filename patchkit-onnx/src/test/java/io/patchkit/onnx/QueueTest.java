package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.BaseModel;
import io.patchkit.ChatMessage;
import io.patchkit.EmbeddingSpace;
import io.patchkit.EngineException;
import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationListener;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationQueue;
import io.patchkit.GenerationRequest;
import io.patchkit.ModelMetrics;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.PatchStack;
import io.patchkit.Prompt;
import io.patchkit.QueueFullException;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests of many callers in one batch: each gets what it would get alone, or a clear end. */
@Timeout(120)
class QueueTest {

  private static final Path CASES = Path.of("src/test/resources/cases");
  private static final GenerationOptions LONG =
      GenerationOptions.defaults().withMaxNewTokens(60).withIgnoreStopTokens(true);
  private static final GenerationRequest LONGEST =
      GenerationRequest.of("The river", LONG.withMaxNewTokens(100));
  private static final OnnxOptions ONE_ROW = OnnxOptions.defaults().withThreads(1).withBatchRows(1);

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa", "gemma"})
  void aQueueServesManyThreads(String name) throws Exception {
    OnnxOptions options = OnnxOptions.defaults().withThreads(1).withBatchRows(4);
    try (OnnxModel model = OnnxModel.open(CASES.resolve(name), options);
        GenerationQueue queue = model.openQueue(100)) {
      List<CompletableFuture<Generation>> answers = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        answers.add(queue.submit(GenerationRequest.of("The river " + i % 10, LONG)));
      }
      answers.get(5).cancel(true);
      for (int i = 0; i < 40; i++) {
        CompletableFuture<Generation> answer = answers.get(i);
        if (i == 5) {
          assertThatThrownBy(answer::get).isInstanceOf(CancellationException.class);
        } else {
          assertThat(answer.get(60, TimeUnit.SECONDS).tokens())
              .isEqualTo(model.generate("The river " + i % 10, LONG).tokens());
        }
      }
      ModelMetrics metrics = model.metrics();
      assertThat(metrics.failed()).isZero();
      // 39 rows of the queue in fours, and 39 alone.
      assertThat(metrics.decodePasses()).isLessThan(metrics.decodedTokens() * 7 / 10);
    }
  }

  @Test
  void aFullQueueTurnsAway() {
    OnnxOptions options = OnnxOptions.defaults().withThreads(1).withBatchRows(1);
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama"), options)) {
      GenerationQueue queue = model.openQueue(2);
      GenerationRequest request = GenerationRequest.of("The river", LONG.withMaxNewTokens(100));
      List<CompletableFuture<Generation>> taken = new ArrayList<>();
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 20; i++) {
                  taken.add(queue.submit(request));
                }
              })
          .isInstanceOf(QueueFullException.class)
          .hasMessageContaining("2 requests wait");
      assertThat(taken).hasSizeBetween(2, 6);
      assertThat(model.metrics().rejected()).isEqualTo(1);
      queue.close();
      queue.close();
      for (CompletableFuture<Generation> answer : taken) {
        assertThat(answer).isDone();
      }
      assertThat(taken.get(taken.size() - 1).join().finishReason())
          .isEqualTo(FinishReason.CANCELLED);
      assertThatThrownBy(() -> queue.submit(request))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("queue is closed");
    }
  }

  /** Not even its prompt is rendered, which here would be refused. */
  @Test
  void aQueueThatIsFullOrClosedDoesNothingForARequest() throws Exception {
    GenerationRequest refused =
        GenerationRequest.of(Prompt.chat(List.of(ChatMessage.user("</s>"))), LONG);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    OnnxOptions options = ONE_ROW.withListener(atFirstEnd(generation -> await(mayGoOn)));
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama"), options)) {
      GenerationQueue queue = model.openQueue(1);
      queue.submit(GenerationRequest.of("The river", LONG.withMaxNewTokens(1)));
      while (queue.waiting() > 0) {
        Thread.sleep(1);
      }
      assertThatThrownBy(() -> queue.submit(refused)).isInstanceOf(IllegalArgumentException.class);
      queue.submit(LONGEST);
      assertThatThrownBy(() -> queue.submit(refused)).isInstanceOf(QueueFullException.class);
      assertThat(model.metrics().rejected()).isEqualTo(1);
      mayGoOn.countDown();
      queue.close();
      assertThatThrownBy(() -> queue.submit(refused))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("queue is closed");
    }
  }

  /** The rows that are running do not wait for the patches of a new one. */
  @Test
  void patchesAreEncodedInTheThreadThatSubmits() throws Exception {
    CountDownLatch stands = new CountDownLatch(1);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    OnnxOptions options =
        ONE_ROW
            .withPrefixCacheBytes(0)
            .withListener(
                atFirstEnd(
                    generation -> {
                      stands.countDown();
                      await(mayGoOn);
                    }));
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama"), options);
        GenerationQueue queue = model.openQueue(5)) {
      queue.submit(GenerationRequest.of("The river", LONG.withMaxNewTokens(1)));
      stands.await();
      ModelMetrics before = model.metrics();
      GenerationRequest patched =
          GenerationRequest.of(Prompt.tokens(5, 6, 7), LONG.withMaxNewTokens(4))
              .withPatch(patch(model.shape().hiddenSize()));
      CompletableFuture<Generation> answer = queue.submit(patched);
      assertThat(model.metrics().prefilledTokens() - before.prefilledTokens()).isEqualTo(5);
      assertThat(answer).isNotDone();
      mayGoOn.countDown();
      List<Integer> tokens = answer.get().tokens();
      // No more than the prompt, though the cache keeps nothing.
      assertThat(model.metrics().prefilledTokens() - before.prefilledTokens()).isEqualTo(5 + 3);
      assertThat(model.metrics().prefixMisses() - before.prefixMisses()).isEqualTo(1);
      assertThat(model.generateAll(List.of(patched)).get(0).tokens()).isEqualTo(tokens);
    }
  }

  /** Five virtual tokens. */
  private static Patch patch(int hidden) {
    float[] rows = new float[5 * hidden];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = i % 7 - 3;
    }
    return Patch.of(
        PatchManifest.of(
            "five",
            new SemanticVersion(1, 0, 0, ""),
            new BaseModel("llama", List.of(), null, hidden, 0, 0, 0),
            Instant.EPOCH),
        SoftPrompt.of(hidden, EmbeddingSpace.LAYER_INPUT, rows));
  }

  @Test
  void theTimeLimitCountsWaiting() throws Exception {
    OnnxOptions options = OnnxOptions.defaults().withThreads(1).withBatchRows(1);
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama"), options);
        GenerationQueue queue = model.openQueue(2)) {
      CompletableFuture<Generation> first =
          queue.submit(GenerationRequest.of("The river", LONG.withMaxNewTokens(100)));
      CompletableFuture<Generation> second =
          queue.submit(GenerationRequest.of("The river", LONG.withTimeLimit(Duration.ofNanos(1))));
      assertThat(second.get(60, TimeUnit.SECONDS).finishReason())
          .isEqualTo(FinishReason.TIME_LIMIT);
      assertThat(second.join().tokens()).isEmpty();
      assertThat(first.get(60, TimeUnit.SECONDS).tokens()).hasSize(100);
    }
  }

  /** One place, many in front: who gives up does not wait for them. */
  @Test
  void whoeverGivesUpDoesNotWaitForAPlace() throws Exception {
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama"), ONE_ROW);
        GenerationQueue queue = model.openQueue(100)) {
      List<CompletableFuture<Generation>> before = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        before.add(queue.submit(LONGEST));
      }
      CompletableFuture<Generation> overdue =
          queue.submit(GenerationRequest.of("The river", LONG.withTimeLimit(Duration.ofNanos(1))));
      assertThat(overdue.get().finishReason()).isEqualTo(FinishReason.TIME_LIMIT);
      assertThat(before.get(29)).isNotDone();
      int waiting = queue.waiting();
      before.subList(10, 30).forEach(answer -> answer.cancel(true));
      while (queue.waiting() > waiting - 20) {
        Thread.sleep(1);
      }
      assertThat(before.get(9)).isNotDone();
    }
  }

  @Test
  void requestsThatNameNoPatchesGoThroughThoseOfTheQueue() {
    ConformanceCase subject = ConformanceCase.all().get(0);
    try (OnnxModel model = OnnxModel.open(subject.folder(), ONE_ROW)) {
      PatchStack stack = subject.stack(subject.stacks().get(subject.stacks().size() - 1));
      try (GenerationQueue queue = model.openQueue(stack, 5)) {
        GenerationRequest request = GenerationRequest.of("The river", LONG);
        assertThat(queue.submit(request).join().prefixTokens()).isEqualTo(stack.prefixLength());
        assertThat(queue.submit(request.withPatches(PatchStack.empty())).join().prefixTokens())
            .isZero();
      }
    }
  }

  @Test
  void completingAnAnswerFromOutsideEndsTheRow() throws Exception {
    CountDownLatch mayGoOn = new CountDownLatch(1);
    OnnxOptions options = ONE_ROW.withListener(atFirstEnd(generation -> await(mayGoOn)));
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama"), options);
        GenerationQueue queue = model.openQueue(5)) {
      queue.submit(GenerationRequest.of("The river", LONG.withMaxNewTokens(1)));
      CompletableFuture<Generation> given = queue.submit(LONGEST);
      CompletableFuture<Generation> last = queue.submit(LONGEST);
      given.completeExceptionally(new TimeoutException());
      mayGoOn.countDown();
      assertThat(last.get().tokens()).hasSize(100);
      assertThat(model.metrics().finished().get(FinishReason.CANCELLED)).isEqualTo(1);
    }
  }

  /** An interrupt would close for good what they read or write channels of. */
  @Test
  void aCloseInterruptsNoCallback() throws Exception {
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama"), ONE_ROW)) {
      GenerationQueue queue = model.openQueue(5);
      List<CompletableFuture<Boolean>> interrupted = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        interrupted.add(
            queue.submit(LONGEST).thenApply(generation -> Thread.currentThread().isInterrupted()));
      }
      while (queue.waiting() > 2) {
        Thread.sleep(1);
      }
      queue.close();
      for (CompletableFuture<Boolean> callback : interrupted) {
        assertThat(callback.join()).isFalse();
      }
    }
  }

  @Test
  void closesFromItsOwnThread() {
    AtomicReference<GenerationQueue> opened = new AtomicReference<>();
    CountDownLatch mayGoOn = new CountDownLatch(1);
    OnnxOptions options =
        ONE_ROW.withListener(
            atFirstEnd(
                generation -> {
                  await(mayGoOn);
                  opened.get().close();
                }));
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama"), options)) {
      GenerationQueue queue = model.openQueue(5);
      opened.set(queue);
      CompletableFuture<Generation> first = queue.submit(GenerationRequest.of("The river", LONG));
      CompletableFuture<Generation> second = queue.submit(LONGEST);
      mayGoOn.countDown();
      assertThat(first.join().tokens()).hasSize(60);
      assertThat(second.join().finishReason()).isEqualTo(FinishReason.CANCELLED);
      queue.close();
    }
  }

  @Test
  void anErrorInItsThreadEndsAllWithAMessage() {
    OnnxOptions options =
        ONE_ROW.withListener(
            atFirstEnd(
                generation -> {
                  throw new AssertionError("broken on purpose");
                }));
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama"), options);
        GenerationQueue queue = model.openQueue(5)) {
      CompletableFuture<Generation> first = queue.submit(GenerationRequest.of("The river", LONG));
      List<CompletableFuture<Generation>> others = new ArrayList<>();
      try {
        others.add(queue.submit(LONGEST));
      } catch (EngineException e) {
        // The thread was faster.
      }
      others.forEach(
          answer ->
              assertThatThrownBy(answer::get)
                  .isInstanceOf(ExecutionException.class)
                  .cause()
                  .isInstanceOf(EngineException.class)
                  .hasMessageContaining("broken on purpose"));
      assertThat(first.join().tokens()).hasSize(60);
      assertThatThrownBy(
              () -> {
                while (true) {
                  queue.submit(LONGEST).get();
                }
              })
          .hasMessageContaining("queue");
    }
  }

  @Test
  void closingTheModelEndsTheQueue() {
    OnnxModel model = OnnxModel.open(CASES.resolve("llama"), ONE_ROW);
    GenerationQueue queue = model.openQueue(50);
    List<CompletableFuture<Generation>> answers = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      answers.add(queue.submit(LONGEST));
    }
    model.close();
    int failed = 0;
    for (CompletableFuture<Generation> answer : answers) {
      Throwable failure = answer.handle((generation, thrown) -> thrown).join();
      if (failure == null) {
        assertThat(answer.join().tokens()).hasSize(100);
      } else {
        // Between a pass and its token it is the tokenizer that is found closed.
        assertThat(failure)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageMatching("the (model|tokenizer) is closed.*");
        failed++;
      }
    }
    assertThat(failed).isPositive();
    assertThatThrownBy(() -> queue.submit(GenerationRequest.of("The river", LONG)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    queue.close();
  }

  @Test
  void closingTheModelEndsAnIdleQueue() throws InterruptedException {
    long before = queueThreads();
    OnnxModel model = OnnxModel.open(CASES.resolve("llama"), ONE_ROW);
    GenerationQueue queue = model.openQueue(5);
    queue.submit(GenerationRequest.of("The river", LONG)).join();
    assertThat(queueThreads()).isEqualTo(before + 1);
    model.close();
    while (queueThreads() > before) {
      Thread.sleep(1);
    }
  }

  private static long queueThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("patchkit-queue"))
        .count();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static GenerationListener atFirstEnd(Consumer<Generation> event) {
    return new GenerationListener() {
      private boolean told;

      @Override
      public void finished(PatchStack patches, Generation generation) {
        if (!told) {
          told = true;
          event.accept(generation);
        }
      }

      @Override
      public void failed(PatchStack patches, RuntimeException failure) {}
    };
  }
}
