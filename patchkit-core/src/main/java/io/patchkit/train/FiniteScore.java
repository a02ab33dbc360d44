package io.patchkit.train;

import io.patchkit.Prompt;
import java.util.function.ToDoubleBiFunction;

/** A caller's score of an answer, which can be compared with others. */
final class FiniteScore {

  private FiniteScore() {}

  /**
   * What a score makes of an answer.
   *
   * @throws IllegalStateException if that is not a finite number
   */
  static double of(ToDoubleBiFunction<Prompt, String> score, Prompt prompt, Answer answer) {
    double found = score.applyAsDouble(prompt, answer.text());
    if (!Double.isFinite(found)) {
      throw new IllegalStateException(
          "the score of an answer to " + prompt + " is " + found + "; allowed: finite numbers");
    }
    return found;
  }
}
