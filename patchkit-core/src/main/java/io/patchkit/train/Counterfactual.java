package io.patchkit.train;

import java.util.List;

/**
 * Keeps the patch quiet where nothing is wrong: on benign prompts the patched model shall go on as
 * the base model would (MOSAIC, arXiv 2603.16210). Over a batch with answer positions t and the
 * base's k likeliest tokens v,
 *
 * <pre>loss = Σ p_base(v) · (log p_base(v) − log p_patched(v)) / number of positions</pre>
 *
 * <p>where all other tokens together count as one more v: KL(base ‖ patched) over k + 1 outcomes, 0
 * where nothing changed and positive elsewhere. It cannot see a change among the other tokens,
 * which k as the whole vocabulary can, at more cost.
 *
 * @param data benign prompts with answers, at least one; the base model's own answers keep the
 *     comparison where the model goes
 * @param k 1 or more
 */
public record Counterfactual(List<AnswerTokens> data, int k) implements Objective {

  /** As k, the whole vocabulary. */
  public static final int WHOLE_VOCABULARY = Integer.MAX_VALUE;

  private static final int DEFAULT_K = 64;

  public Counterfactual {
    data = List.copyOf(data);
    if (data.isEmpty()) {
      throw new IllegalArgumentException("data is empty; allowed: at least one example");
    }
    if (k < 1) {
      throw new IllegalArgumentException("k is " + k + "; allowed: at least 1");
    }
  }

  /** The base's 64 likeliest tokens. */
  public static Counterfactual of(List<AnswerTokens> data) {
    return new Counterfactual(data, DEFAULT_K);
  }

  @Override
  public int size() {
    return data.size();
  }

  @Override
  public String dataDigest() {
    return Sft.digest(data);
  }
}
