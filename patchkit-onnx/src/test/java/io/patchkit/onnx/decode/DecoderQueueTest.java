package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.EngineException;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.PatchStack;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whatever fails in the thread of a queue, each request hears of its end. */
class DecoderQueueTest {

  private static final Path FOLDER = Path.of("src/test/resources/cases/llama-gqa");

  private final DecoderSession session = SmallEngine.session(FOLDER, 16);
  private final HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(FOLDER);

  @AfterEach
  void close() {
    session.close();
    tokenizer.close();
  }

  @Test
  void anErrorWhileALoopOpensEndsTheRequestItWasOpenedFor() throws InterruptedException {
    requireAllFail(
        requests -> {
          throw new AssertionError("broken on purpose");
        },
        ending -> ending);
  }

  @Test
  void anErrorWhileARowJoinsEndsThatRow() throws InterruptedException {
    requireAllFail(requests -> new BatchLoop(new FaultyRows(), 2, 64, requests), ending -> ending);
  }

  @Test
  void anErrorWhileOneIsToldKeepsNoOtherWaiting() throws InterruptedException {
    requireAllFail(
        requests -> {
          throw new AssertionError("broken on purpose");
        },
        ending ->
            new Ending() {
              @Override
              public void finished(Generation generation) {
                ending.finished(generation);
              }

              @Override
              public void failed(RuntimeException failure) {
                ending.failed(failure);
                throw new AssertionError("cannot be told");
              }
            });
  }

  private void requireAllFail(
      Function<BatchLoop.Requests, BatchLoop> loops, UnaryOperator<Ending> told)
      throws InterruptedException {
    List<DecoderQueue> ended = new ArrayList<>();
    DecoderQueue queue = new DecoderQueue(session, loops, 3, ended::add);
    List<CompletableFuture<Generation>> answers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      answers.add(queue.submit(ending -> row(told.apply(ending))));
    }
    queue.start();
    for (CompletableFuture<Generation> answer : answers) {
      assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("the queue's thread has failed");
    }
    queue.close();
    assertThat(ended).containsExactly(queue);
  }

  private BatchRow row(Ending ending) {
    return new BatchRow(
        session,
        PatchStack.empty(),
        () -> EncodedPrefix.empty(session.layout().slots().size()),
        new TextGeneration(
            new int[] {3, 4, 5},
            new TextGeneration.Request(
                GenerationOptions.defaults(),
                Set.of(),
                0,
                session.layout().vocabularySize(),
                false),
            tokenizer,
            System::nanoTime),
        ending);
  }

  /** Rows that none can join. */
  private static final class FaultyRows implements BatchLoop.RunningRows {

    @Override
    public List<BatchRow> rows() {
      return List.of();
    }

    @Override
    public void add(BatchRow row, DecodeState state) {
      throw new AssertionError("broken on purpose");
    }

    @Override
    public void remove(int row) {
      throw new IllegalStateException("no row has joined");
    }

    @Override
    public void advance() {
      throw new IllegalStateException("no row has joined");
    }

    @Override
    public void close() {}
  }
}
