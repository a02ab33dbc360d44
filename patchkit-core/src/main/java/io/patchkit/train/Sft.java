package io.patchkit.train;

import java.util.List;

/**
 * Supervised fine-tuning: the cross-entropy of given answers. Over a batch with answer tokens t,
 *
 * <pre>loss = −Σ w(t) · log p(t) / Σ w(t)</pre>
 *
 * <p>so that every token counts the same, whatever answer it is in.
 *
 * @param data at least one example
 * @param firstTokenWeight w of each answer's first token, above 0; that of all others is 1. The
 *     first token decides between refusing and answering, so weighting it teaches the decision
 *     before the wording
 */
public record Sft(List<AnswerTokens> data, double firstTokenWeight) implements Objective {

  public Sft {
    data = List.copyOf(data);
    if (data.isEmpty()) {
      throw new IllegalArgumentException("data is empty; allowed: at least one example");
    }
    if (!(firstTokenWeight > 0 && firstTokenWeight < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "firstTokenWeight is " + firstTokenWeight + "; allowed: above 0 and finite");
    }
  }

  /** All tokens weigh the same. */
  public static Sft of(List<AnswerTokens> data) {
    return new Sft(data, 1);
  }

  public Sft withFirstTokenWeight(double firstTokenWeight) {
    return new Sft(data, firstTokenWeight);
  }

  @Override
  public int size() {
    return data.size();
  }

  @Override
  public String dataDigest() {
    return digest(data);
  }

  static String digest(List<AnswerTokens> data) {
    DataDigest digest = new DataDigest();
    for (AnswerTokens answer : data) {
      digest.add(answer.prompt()).add(answer.answer());
    }
    return digest.hex();
  }
}
