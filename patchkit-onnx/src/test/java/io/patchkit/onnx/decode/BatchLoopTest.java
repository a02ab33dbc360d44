package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.FinishReason;
import io.patchkit.GenerationOptions;
import io.patchkit.ModelMetrics;
import io.patchkit.PatchStack;
import io.patchkit.TokenStream;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows that are running go on while the prompts of others are fed. */
class BatchLoopTest {

  /** Tokens of prompts in one turn. */
  private static final int PIECE = 8;

  private final Deque<BatchRow> waiting = new ArrayDeque<>();

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa", "gemma"})
  void aLongPromptIsFedAPieceATurn(String name) {
    try (DecoderEngine engine = engine(name);
        BatchLoop loop = engine.openLoop(PIECE, waiting::poll)) {
      List<Integer> firstAlone = alone(engine, tokens(2), 40);
      List<Integer> secondAlone = alone(engine, tokens(100), 6);
      BatchRow first = row(engine, tokens(2), 40);
      BatchRow second = row(engine, tokens(100), 6);
      waiting.add(first);
      loop.advance();
      waiting.add(second);
      // 100 = 12 · 8 + 4: the other gets a token with each of the 13 pieces.
      for (int turn = 1; turn <= 13; turn++) {
        ModelMetrics before = engine.metrics();
        loop.advance();
        ModelMetrics after = engine.metrics();
        assertThat(after.prefilledTokens() - before.prefilledTokens())
            .as("tokens of the prompt in turn %d", turn)
            .isEqualTo(turn < 13 ? PIECE : 4);
        assertThat(after.decodedTokens() - before.decodedTokens())
            .as("rows with a token in turn %d", turn)
            .isEqualTo(turn < 13 ? 1 : 2);
      }
      runToTheEnd(loop);
      assertThat(first.result().tokens()).isEqualTo(firstAlone);
      assertThat(second.result().tokens()).isEqualTo(secondAlone);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa"})
  void shortPromptsShareATurn(String name) {
    try (DecoderEngine engine = engine(name);
        BatchLoop loop = engine.openLoop(PIECE, waiting::poll)) {
      waiting.add(row(engine, tokens(2), 40));
      loop.advance();
      for (int i = 0; i < 3; i++) {
        waiting.add(row(engine, tokens(3), 40));
      }
      long before = engine.metrics().decodedTokens();
      loop.advance();
      // 3 + 3 and two of the last three.
      assertThat(engine.metrics().decodedTokens() - before).isEqualTo(3);
      loop.advance();
      assertThat(loop.rows()).hasSize(4);
      runToTheEnd(loop);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa"})
  void aRowThatIsCancelledWhileItsPromptIsFedHoldsNobodyUp(String name) {
    try (DecoderEngine engine = engine(name);
        BatchLoop loop = engine.openLoop(PIECE, waiting::poll)) {
      List<Integer> alone = alone(engine, tokens(3), 5);
      BatchRow running = row(engine, tokens(2), 40);
      BatchRow fed = row(engine, tokens(100), 5);
      BatchRow behind = row(engine, tokens(100), 5);
      BatchRow last = row(engine, tokens(3), 5);
      waiting.addAll(List.of(running, fed, behind, last));
      loop.advance();
      loop.advance();
      fed.cancel();
      behind.cancel();
      loop.advance();
      assertThat(fed.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(behind.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(loop.rows()).containsExactly(running, last);
      runToTheEnd(loop);
      assertThat(running.result().tokens()).hasSize(40);
      assertThat(last.result().tokens()).isEqualTo(alone);
    }
  }

  /** Whether they come together or one after the other, and whether a row is running or not. */
  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true", "false, false"})
  void aShortPromptDoesNotWaitForALongOne(boolean together, boolean running) {
    try (DecoderEngine engine = engine("llama-gqa");
        BatchLoop loop = engine.openLoop(PIECE, waiting::poll)) {
      List<Integer> longAlone = alone(engine, tokens(100), 3);
      List<Integer> shortAlone = alone(engine, tokens(10), 3);
      if (running) {
        waiting.add(row(engine, tokens(2), 60));
        loop.advance();
      }
      BatchRow first = row(engine, tokens(100), 3);
      BatchRow second = row(engine, tokens(10), 3);
      waiting.add(first);
      if (!together) {
        loop.advance();
      }
      waiting.add(second);
      long before = engine.metrics().prefilledTokens();
      while (!second.hasEnded()) {
        loop.advance();
      }
      assertThat(engine.metrics().prefilledTokens() - before).isLessThan(60);
      assertThat(first.hasEnded()).isFalse();
      runToTheEnd(loop);
      assertThat(first.result().tokens()).isEqualTo(longAlone);
      assertThat(second.result().tokens()).isEqualTo(shortAlone);
    }
  }

  private static void runToTheEnd(BatchLoop loop) {
    while (loop.advance()) {
      assertThat(loop.rows().size()).isLessThanOrEqualTo(4);
    }
  }

  private static BatchRow row(DecoderEngine engine, int[] prompt, int maxNewTokens) {
    GenerationOptions how =
        GenerationOptions.defaults().withMaxNewTokens(maxNewTokens).withIgnoreStopTokens(true);
    return engine.row(new DecoderRequest(PatchStack.empty(), prompt, how, false), Ending.untold());
  }

  private static List<Integer> alone(DecoderEngine engine, int[] prompt, int maxNewTokens) {
    GenerationOptions how =
        GenerationOptions.defaults().withMaxNewTokens(maxNewTokens).withIgnoreStopTokens(true);
    try (TokenStream stream =
        engine.stream(new DecoderRequest(PatchStack.empty(), prompt, how, false))) {
      stream.forEach(piece -> {});
      return stream.generation().tokens();
    }
  }

  private static int[] tokens(int count) {
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = 3 + i * 7 % 50;
    }
    return tokens;
  }

  private static DecoderEngine engine(String name) {
    return SmallEngine.load(Path.of("src/test/resources/cases", name), 16, PIECE, 4, false);
  }
}
