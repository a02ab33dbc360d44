package io.patchkit.onnx.decode;

import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.PatchStack;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through a {@link BatchLoop}. Used by the thread of the loop; only {@link
 * #cancel} may be called from another.
 */
final class BatchRow {

  private final DecoderSession session;
  private final PatchStack stack;
  private final Supplier<EncodedPrefix> prefix;
  private final TextGeneration generation;
  private final Ending ending;
  private final Cancellation cancellation = new Cancellation();
  private @Nullable SharedPrompt shared;
  private @Nullable RuntimeException failure;

  /**
   * @param prefix encodes the stack or finds it encoded
   * @param ending is told how the row ends
   */
  BatchRow(
      DecoderSession session,
      PatchStack stack,
      Supplier<EncodedPrefix> prefix,
      TextGeneration generation,
      Ending ending) {
    this.session = session;
    this.stack = stack;
    this.prefix = prefix;
    this.generation = generation;
    this.ending = ending;
  }

  /** Plans to feed what prompts behind one stack share only once; returns the rows so ordered. */
  static List<BatchRow> sharingBeginnings(List<BatchRow> rows) {
    Map<List<String>, List<BatchRow>> byStack = new LinkedHashMap<>();
    for (BatchRow row : rows) {
      byStack.computeIfAbsent(row.stack.prefixDigests(), key -> new ArrayList<>()).add(row);
    }
    List<BatchRow> ordered = new ArrayList<>();
    for (List<BatchRow> behindOneStack : byStack.values()) {
      behindOneStack.sort(
          Comparator.comparing((BatchRow row) -> row.generation.prompt(), SharedPrompt.ORDER));
      List<int[]> prompts = new ArrayList<>();
      for (BatchRow row : behindOneStack) {
        prompts.add(row.generation.prompt());
      }
      List<@Nullable SharedPrompt> plan = SharedPrompt.plan(prompts);
      for (int i = 0; i < plan.size(); i++) {
        behindOneStack.get(i).shared = plan.get(i);
      }
      ordered.addAll(behindOneStack);
    }
    return ordered;
  }

  /**
   * Feeds the prompt and takes the first token.
   *
   * @return the state to go on from, the caller's to close; null if the row has ended
   */
  @Nullable DecodeState start() {
    DecodeState state = null;
    try {
      if (endsEarly()) {
        return null;
      }
      int fed = shared == null ? 0 : shared.length();
      EncodedPrefix before = shared == null ? prefix.get() : shared.encoded(prefix, this::extend);
      int[] prompt = generation.prompt();
      state = session.open(before, before.length() + prompt.length - fed);
      FloatBuffer logits =
          state.next(
              Arrays.copyOfRange(prompt, fed, prompt.length), cancellation, generation::isOverTime);
      if (logits == null) {
        end(cancellation.isCancelled() ? FinishReason.CANCELLED : FinishReason.TIME_LIMIT);
      } else {
        accept(logits);
      }
    } catch (RuntimeException e) {
      fail(e);
    } finally {
      if (shared != null) {
        shared.release();
        shared = null;
      }
      if (state != null && hasEnded()) {
        state.close();
        state = null;
      }
    }
    return state;
  }

  private EncodedPrefix extend(EncodedPrefix before, int[] tokens) {
    try (DecodeState state = session.open(before, before.length() + tokens.length)) {
      state.next(tokens);
      return state.snapshot();
    }
  }

  /** Ends the row if it was cancelled or is over time; true if it has ended. */
  boolean endsEarly() {
    if (!hasEnded() && cancellation.isCancelled()) {
      end(FinishReason.CANCELLED);
    } else if (!hasEnded() && generation.isOverTime()) {
      end(FinishReason.TIME_LIMIT);
    }
    return hasEnded();
  }

  int lastToken() {
    return generation.lastToken();
  }

  /** Takes the next token; what is wrong with these logits ends this row only. */
  void accept(FloatBuffer logits) {
    try {
      generation.accept(logits);
    } catch (RuntimeException e) {
      fail(e);
      return;
    }
    if (generation.generation() != null) {
      ended();
    }
  }

  /** Feeds the row's last token in a pass of its own. */
  void advanceAlone(DecodeState state) {
    FloatBuffer logits = state.next(lastToken(), cancellation);
    if (logits != null) {
      accept(logits);
    }
  }

  private void end(FinishReason reason) {
    generation.finish(reason);
    ended();
  }

  private void ended() {
    Generation result = generation.generation();
    if (result != null) {
      ending.finished(result);
    }
  }

  /** Ends the row with an exception. */
  void fail(RuntimeException e) {
    failure = e;
    ending.failed(e);
  }

  boolean hasEnded() {
    return failure != null || generation.generation() != null;
  }

  /** Asks the row to end within one token. */
  void cancel() {
    cancellation.cancel();
  }

  /** What was generated; throws what the row failed with. */
  Generation result() {
    if (failure != null) {
      throw failure;
    }
    Generation result = generation.generation();
    if (result == null) {
      throw new CancellationException("the request was abandoned");
    }
    return result;
  }
}
