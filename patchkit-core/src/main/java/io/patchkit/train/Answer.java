package io.patchkit.train;

import io.patchkit.FinishReason;
import io.patchkit.Generation;
import java.util.Objects;

/**
 * What was answered to a prompt.
 *
 * @param text the answer; may be empty
 * @param complete whether the speaker ended it, rather than a length or time limit
 */
public record Answer(String text, boolean complete) {

  public Answer {
    Objects.requireNonNull(text, "text");
  }

  /** An answer that is all there. */
  public static Answer of(String text) {
    return new Answer(text, true);
  }

  /**
   * What a model generated; complete if the model stopped of its own accord.
   *
   * @throws IllegalStateException if the generation was cancelled: where its text ends is chance
   */
  public static Answer of(Generation generation) {
    if (generation.finishReason() == FinishReason.CANCELLED) {
      throw new IllegalStateException(
          "the generation was cancelled after "
              + generation.tokens().size()
              + " tokens, which are no answer; generate again, from a thread that is not"
              + " interrupted");
    }
    return new Answer(generation.text(), generation.finishReason() == FinishReason.STOP_TOKEN);
  }
}
