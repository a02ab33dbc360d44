package io.patchkit.train;

import java.util.List;

/**
 * Distillation from a teacher that shares the model's vocabulary. Over a batch with answer
 * positions t and the teacher's likeliest tokens v,
 *
 * <pre>loss = −Σ p_teacher(v) · log p(v) / number of positions</pre>
 *
 * <p>the cross-entropy, which differs from KL(teacher ‖ model) by the teacher's entropy, a
 * constant; the divergence itself is reported beside it. Probability that the teacher gave to
 * tokens beyond its likeliest is left out.
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
