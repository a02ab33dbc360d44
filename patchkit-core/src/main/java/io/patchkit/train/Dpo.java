package io.patchkit.train;

import java.util.List;
import java.util.Objects;

/**
 * Direct preference optimisation (Rafailov et al., arXiv 2305.18290) and its relatives. With the
 * implicit reward of an answer y, r(y) = β (log p(y) − log p_ref(y)), or β log p(y) without a
 * reference, log-probabilities summed over the answer's tokens, the loss of a pair is a function of
 * the margin r(chosen) − r(rejected), and that of a batch its mean over the pairs.
 *
 * @param data at least one pair
 * @param beta how far the policy may stray from the reference: smaller is farther; above 0
 * @param reference the reference policy
 * @param loss of a pair
 * @param anchor weight of the chosen answers' cross-entropy per token, which is added to the loss
 *     so that raising the margin does not lower both answers' probabilities; 0 or more (TRL's
 *     {@code rpo_alpha}, arXiv 2404.19733)
 */
public record Dpo(
    List<PairTokens> data,
    double beta,
    ReferencePolicy reference,
    PreferenceLoss loss,
    double anchor)
    implements Objective {

  private static final double DEFAULT_BETA = 0.1;

  public Dpo {
    data = List.copyOf(data);
    Objects.requireNonNull(reference, "reference");
    Objects.requireNonNull(loss, "loss");
    if (data.isEmpty()) {
      throw new IllegalArgumentException("data is empty; allowed: at least one pair");
    }
    if (!(beta > 0 && beta < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("beta is " + beta + "; allowed: above 0 and finite");
    }
    if (!(anchor >= 0 && anchor < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("anchor is " + anchor + "; allowed: 0 or more, finite");
    }
    if (reference instanceof ReferencePolicy.Scored scored) {
      scored.requireOf(data);
    }
  }

  /** The sigmoid loss with beta 0.1 and no anchor, measured against where the training starts. */
  public static Dpo of(List<PairTokens> data) {
    return new Dpo(
        data, DEFAULT_BETA, new ReferencePolicy.Start(), new PreferenceLoss.Sigmoid(), 0);
  }

  public Dpo withBeta(double beta) {
    return new Dpo(data, beta, reference, loss, anchor);
  }

  public Dpo withReference(ReferencePolicy reference) {
    return new Dpo(data, beta, reference, loss, anchor);
  }

  public Dpo withLoss(PreferenceLoss loss) {
    return new Dpo(data, beta, reference, loss, anchor);
  }

  public Dpo withAnchor(double anchor) {
    return new Dpo(data, beta, reference, loss, anchor);
  }

  @Override
  public int size() {
    return data.size();
  }

  @Override
  public String dataDigest() {
    DataDigest digest = new DataDigest();
    for (PairTokens pair : data) {
      digest.add(pair.chosen().prompt()).add(pair.chosen().answer()).add(pair.rejected().answer());
    }
    return digest.hex();
  }
}
