package io.patchkit.train;

import java.util.List;

/**
 * Distillation from a teacher that shares the model's vocabulary. Over a batch with answer
 * positions t and the teacher's likeliest tokens v,
 *
 * <pre>loss = −Σ p_teacher(v) · log p(v) / number of positions</pre>
 *
 * <p>where all other tokens together count as one more v, which has the probability that the
 * teacher's targets leave of 1: the cross-entropy over k + 1 outcomes. It is smallest where the
 * model gives every outcome the teacher's probability, and differs from KL(teacher ‖ model) by the
 * teacher's entropy, a constant; the divergence itself, 0 there and positive elsewhere, is reported
 * beside it. Targets that sum to 1 leave nothing to the others, and no outcome for them.
 *
 * @param data at least one example, see {@link SoftTargets#of(DifferentiableModel,
 *     io.patchkit.Prefix, AnswerTokens, int)}
 */
public record Distillation(List<SoftTargets> data) implements Objective {

  public Distillation {
    data = List.copyOf(data);
    if (data.isEmpty()) {
      throw new IllegalArgumentException("data is empty; allowed: at least one example");
    }
  }

  @Override
  public int size() {
    return data.size();
  }

  @Override
  public String dataDigest() {
    DataDigest digest = new DataDigest();
    for (SoftTargets targets : data) {
      targets.addTo(digest);
    }
    return digest.hex();
  }
}
