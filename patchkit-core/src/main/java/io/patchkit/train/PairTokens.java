package io.patchkit.train;

import java.util.Arrays;

/**
 * A prompt with a preferred and a rejected answer, as tokens of the model in training.
 *
 * @param chosen the prompt and the preferred answer
 * @param rejected the same prompt and the rejected answer
 */
public record PairTokens(AnswerTokens chosen, AnswerTokens rejected) {

  public PairTokens {
    if (!Arrays.equals(chosen.prompt(), rejected.prompt())) {
      throw new IllegalArgumentException(
          "chosen and rejected answer different prompts; allowed: one prompt");
    }
    if (chosen.equals(rejected)) {
      throw new IllegalArgumentException(
          "chosen and rejected are equal; allowed: answers that differ");
    }
  }

  /** A pair from its tokens. */
  public static PairTokens of(int[] prompt, int[] chosen, int[] rejected) {
    return new PairTokens(AnswerTokens.of(prompt, chosen), AnswerTokens.of(prompt, rejected));
  }

  /**
   * The tokens of a pair of texts, in the vocabulary of the model.
   *
   * @throws IllegalArgumentException if one of the texts has none, the model refuses it, or the
   *     answers are equal; the message names the prompt
   */
  public static PairTokens of(DifferentiableModel model, PreferencePair pair) {
    return ExampleName.naming(
        pair.prompt(),
        () ->
            of(
                model.encode(pair.prompt()),
                model.encodeAnswer(pair.chosen().text(), pair.chosen().complete()),
                model.encodeAnswer(pair.rejected().text(), pair.rejected().complete())));
  }

  /**
   * The same prompt with both answers up to the first token in which they differ, that one
   * included. What they begin with alike has no part in a preference, and what follows is long
   * decided; a pair of short rows costs less. Mind that a reference by scores ({@link
   * ReferencePolicy.Scored}) has to be one of these tokens; a {@link ReferencePolicy#teacher}
   * scores whole answers.
   */
  public PairTokens untilTheyDiffer() {
    int alike = Arrays.mismatch(chosen.answer(), rejected.answer());
    return new PairTokens(chosen.first(alike + 1), rejected.first(alike + 1));
  }
}
