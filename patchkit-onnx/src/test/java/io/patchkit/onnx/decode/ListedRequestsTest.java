package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.EngineException;
import io.patchkit.FinishReason;
import io.patchkit.GenerationOptions;
import io.patchkit.PatchStack;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the requests of one call share: the call's thread and its outcome. */
class ListedRequestsTest {

  private static final int PIECE = 8;
  private static final GenerationOptions HOW =
      GenerationOptions.defaults().withMaxNewTokens(5).withIgnoreStopTokens(true);

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // It may well overflow.
  private final DecoderEngine engine =
      SmallEngine.load(
          Path.of("src/test/resources/cases/llama-gqa"), 16, PIECE, 2, null, nanos::get);

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void timeCountsFromTheFirstFeed() {
    BatchRow row = row(20, HOW.withTimeLimit(Duration.ofMillis(400)));
    ListedRequests listed = new ListedRequests(List.of(row));
    assertThat(listed.poll()).isSameAs(row);
    pass(401);
    assertThat(row.isDue()).isFalse();
    assertThat(row.feed(PIECE)).isEqualTo(PIECE);
    pass(399);
    assertThat(row.isDue()).isFalse();
    pass(1);
    assertThat(row.isDue()).isTrue();
    assertThat(row.feed(PIECE)).isZero();
    assertThat(row.result().finishReason()).isEqualTo(FinishReason.TIME_LIMIT);
    assertThat(row.result().total()).isEqualTo(Duration.ofMillis(400));
  }

  /** Both have a place at once; the prompt of the one takes longer than the other has. */
  @Test
  void thePromptsOfRowsBeforeItTakeNoneOfARowsTime() {
    BatchRow first = row(4, HOW.withMaxNewTokens(1));
    BatchRow second = row(PIECE, HOW.withMaxNewTokens(1).withTimeLimit(Duration.ofMillis(200)));
    ListedRequests listed = new ListedRequests(List.of(first, second));
    BatchLoop.Requests slow =
        new BatchLoop.Requests() {
          @Override
          public @Nullable BatchRow poll() {
            return listed.poll();
          }

          @Override
          public void beforePass() {
            if (!first.hasEnded()) {
              pass(201);
            }
          }
        };
    try (BatchLoop loop = engine.openLoop(Integer.MAX_VALUE, slow)) {
      while (loop.advance()) {
        assertThat(loop.rows()).isEmpty();
      }
    }
    assertThat(first.result().tokens()).hasSize(1);
    assertThat(second.result().finishReason()).isEqualTo(FinishReason.MAX_NEW_TOKENS);
  }

  private void pass(long millis) {
    nanos.addAndGet(millis * 1_000_000);
  }

  @Test
  void anInterruptEndsAPromptBetweenItsPieces() {
    BatchRow row = row(100, HOW);
    ListedRequests listed = new ListedRequests(List.of(row));
    BatchLoop.Requests interrupted =
        new BatchLoop.Requests() {
          private int passes;

          @Override
          public BatchRow poll() {
            return listed.poll();
          }

          @Override
          public void beforePass() {
            if (passes++ == 3) {
              Thread.currentThread().interrupt();
            }
            listed.beforePass();
          }
        };
    try (BatchLoop loop = engine.openLoop(Integer.MAX_VALUE, interrupted)) {
      loop.advance();
    }
    assertThat(Thread.interrupted()).isTrue();
    assertThat(engine.metrics().prefilledTokens()).isEqualTo(3 * PIECE);
    assertThat(listed.results().get(0).finishReason()).isEqualTo(FinishReason.CANCELLED);
  }

  @Test
  void theFailureOfOneEndsTheOthersAndIsThrown() {
    BatchRow first = row(20, HOW.withMaxNewTokens(100));
    BatchRow failing = row(20, HOW);
    ListedRequests listed = new ListedRequests(List.of(first, failing));
    try (BatchLoop loop = engine.openLoop(Integer.MAX_VALUE, listed)) {
      loop.advance();
      failing.fail(new EngineException("broken on purpose"));
      int turns = 0;
      while (loop.advance()) {
        turns++;
      }
      assertThat(turns).isLessThan(3);
    }
    assertThat(first.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThatThrownBy(listed::results).hasMessage("broken on purpose");
  }

  private BatchRow row(int promptTokens, GenerationOptions how) {
    int[] prompt = new int[promptTokens];
    for (int i = 0; i < promptTokens; i++) {
      prompt[i] = 3 + i % 50;
    }
    return engine.row(new DecoderRequest(PatchStack.empty(), prompt, how, false), Ending.untold());
  }
}
