package io.patchkit.train;

import io.patchkit.Prompt;
import java.util.Objects;

/**
 * A prompt with two answers, one preferred to the other.
 *
 * @param prompt what was asked; a text or a chat
 * @param chosen the preferred answer: for a patch, the safer reference's
 * @param rejected the other: for a patch, the base model's
 */
public record PreferencePair(Prompt prompt, Answer chosen, Answer rejected) {

  public PreferencePair {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(chosen, "chosen");
    Objects.requireNonNull(rejected, "rejected");
    if (prompt instanceof Prompt.Tokens) {
      throw new IllegalArgumentException(
          "prompt is a list of token ids, which mean nothing to another model; allowed: a text or"
              + " a chat");
    }
  }

  /** A pair of complete answers. */
  public static PreferencePair of(Prompt prompt, String chosen, String rejected) {
    return new PreferencePair(prompt, Answer.of(chosen), Answer.of(rejected));
  }
}
