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
import java.util.Objects;
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
  private @Nullable PromptFeed feed;
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
      for (SharedPrompt.Start start : SharedPrompt.plan(prompts)) {
        BatchRow row = behindOneStack.get(start.prompt());
        row.shared = start.shared();
        ordered.add(row);
      }
    }
    return ordered;
  }

  /**
   * Feeds the next tokens of the prompt; behind its last one the row takes its first token. A clock
   * that was held starts.
   *
   * @param most how many may be fed, ≥ 1
   * @return how many were fed, 0 if the row has ended
   */
  int feed(int most) {
    int count = 0;
    generation.startClock();
    try {
      if (!endsEarly()) {
        PromptFeed current = feed;
        if (current == null) {
          current = nextFeed();
          feed = current;
        }
        count = feed(current, most);
      }
    } catch (RuntimeException e) {
      fail(e);
    }
    if (hasEnded()) {
      abandon();
    }
    return count;
  }

  private int feed(PromptFeed current, int most) {
    int before = current.left();
    FloatBuffer logits = current.advance(most, cancellation);
    if (logits == null) {
      end(FinishReason.CANCELLED);
    } else if (current.left() == 0 && current.beginning() != null) {
      current.beginning().keep(current.state().snapshot());
      current.state().close();
      feed = null;
    } else if (current.left() == 0) {
      accept(logits);
    }
    return before - current.left();
  }

  /** What is to be fed next: a beginning that others share, or the prompt behind it. */
  private PromptFeed nextFeed() {
    SharedPrompt beginning = shared == null ? null : shared.missing();
    SharedPrompt before = beginning == null ? shared : beginning.parent();
    EncodedPrefix encoded =
        before == null ? prefix.get() : Objects.requireNonNull(before.encoded());
    int[] prompt = generation.prompt();
    int[] tokens =
        beginning == null
            ? Arrays.copyOfRange(prompt, before == null ? 0 : before.length(), prompt.length)
            : beginning.continuation();
    return new PromptFeed(
        session.open(encoded, encoded.length() + tokens.length), tokens, beginning);
  }

  /** Whether the prompt has been fed and the row can be decoded. */
  boolean isFed() {
    return !hasEnded() && feed != null && feed.left() == 0;
  }

  /** The state to go on from, the caller's to close; the prompt has been fed. */
  DecodeState takeState() {
    PromptFeed fed = Objects.requireNonNull(feed, "the prompt has not been fed");
    feed = null;
    releaseShared();
    return fed.state();
  }

  /** Lets go of what feeding the prompt holds. */
  void abandon() {
    if (feed != null) {
      feed.state().close();
      feed = null;
    }
    releaseShared();
  }

  private void releaseShared() {
    if (shared != null) {
      shared.release();
      shared = null;
    }
  }

  /** Whether the row is to end before its next token. */
  boolean isDue() {
    return cancellation.isCancelled() || generation.isOverTime();
  }

  /** Ends the row if it was cancelled or is over time; true if it has ended. */
  boolean endsEarly() {
    if (!hasEnded() && cancellation.isCancelled()) {
      end(FinishReason.CANCELLED);
    } else if (!hasEnded()) {
      try {
        generation.endIfOverTime();
      } catch (RuntimeException e) { // The text that was held back cannot be decoded.
        fail(e);
        return true;
      }
      ended();
    }
    return hasEnded();
  }

  /** Counts the row's time from the first feed of its prompt on, not from its making. */
  void countFromFirstFeed() {
    generation.holdClock();
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
    ended();
  }

  /** Feeds the row's last token in a pass of its own, whose failure ends this row only. */
  void advanceAlone(DecodeState state) {
    FloatBuffer logits;
    try {
      logits = state.next(lastToken(), cancellation);
    } catch (RuntimeException e) {
      fail(e);
      return;
    }
    if (logits != null) {
      accept(logits);
    }
  }

  private void end(FinishReason reason) {
    generation.finish(reason);
    ended();
  }

  /** Tells of the end, if that was it. */
  private void ended() {
    Generation result = generation.generation();
    if (result != null) {
      ending.finished(result);
    }
  }

  /** Ends the row with an exception, unless it has ended. */
  void fail(RuntimeException e) {
    if (!hasEnded()) {
      failure = e;
      ending.failed(e);
    }
  }

  boolean hasFailed() {
    return failure != null;
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
