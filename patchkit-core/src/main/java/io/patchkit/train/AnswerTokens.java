package io.patchkit.train;

import io.patchkit.Prompt;
import java.util.Arrays;

/** A prompt and an answer to it, as tokens of the model in training. Immutable. */
public final class AnswerTokens {

  private final int[] prompt;
  private final int[] answer;

  private AnswerTokens(int[] prompt, int[] answer) {
    this.prompt = prompt;
    this.answer = answer;
  }

  /**
   * An answer from its tokens, which are copied.
   *
   * @param prompt at least one id, each ≥ 0
   * @param answer at least one id, each ≥ 0
   */
  public static AnswerTokens of(int[] prompt, int[] answer) {
    requireTokens("prompt", prompt);
    requireTokens("answer", answer);
    return new AnswerTokens(prompt.clone(), answer.clone());
  }

  /**
   * The tokens of an answer to a prompt, in the vocabulary of the model.
   *
   * @throws IllegalArgumentException if one of them has none, or the model refuses it; the message
   *     names the prompt
   */
  public static AnswerTokens of(DifferentiableModel model, Prompt prompt, Answer answer) {
    return ExampleName.naming(
        prompt,
        () -> of(model.encode(prompt), model.encodeAnswer(answer.text(), answer.complete())));
  }

  /**
   * The same prompt with the beginning of the answer: whether to answer or to refuse is decided
   * there, and a short row costs less.
   *
   * @param tokens how many of the answer's tokens at most, 1 or more
   */
  public AnswerTokens first(int tokens) {
    if (tokens < 1) {
      throw new IllegalArgumentException("tokens is " + tokens + "; allowed: at least 1");
    }
    return tokens >= answer.length ? this : new AnswerTokens(prompt, Arrays.copyOf(answer, tokens));
  }

  static void requireTokens(String field, int[] tokens) {
    if (tokens.length == 0) {
      throw new IllegalArgumentException(field + " has no tokens; allowed: at least one");
    }
    for (int token : tokens) {
      if (token < 0) {
        throw new IllegalArgumentException(
            field + " holds the id " + token + "; allowed: at least 0");
      }
    }
  }

  /** A copy of the prompt. */
  public int[] prompt() {
    return prompt.clone();
  }

  /** A copy of the answer. */
  public int[] answer() {
    return answer.clone();
  }

  /** Position of the answer's first token: the length of the prompt. */
  public int firstPosition() {
    return prompt.length;
  }

  /** Number of the answer's tokens. */
  public int answerLength() {
    return answer.length;
  }

  /** Prompt and answer, newly made. */
  public int[] tokens() {
    int[] tokens = Arrays.copyOf(prompt, prompt.length + answer.length);
    System.arraycopy(answer, 0, tokens, prompt.length, answer.length);
    return tokens;
  }

  /** The row whose targets are the answer's tokens, all of one weight. */
  TrainingRow row(double weight) {
    double[] weights = new double[answer.length];
    Arrays.fill(weights, weight);
    return row(weights);
  }

  /** The row whose targets are the answer's tokens. */
  TrainingRow row(double[] weights) {
    int[] positions = new int[answer.length];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = prompt.length + i;
    }
    return TrainingRow.of(tokens(), positions, answer, weights);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AnswerTokens that
        && Arrays.equals(prompt, that.prompt)
        && Arrays.equals(answer, that.answer);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(prompt) + Arrays.hashCode(answer);
  }

  @Override
  public String toString() {
    return "AnswerTokens[" + prompt.length + " + " + answer.length + "]";
  }
}
