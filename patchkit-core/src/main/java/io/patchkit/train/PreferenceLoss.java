package io.patchkit.train;

/**
 * The loss of one pair as a function of h, by how much more the patched model favours the chosen
 * answer than the reference policy does:
 *
 * <pre>h = (log p(chosen) − log p_ref(chosen)) − (log p(rejected) − log p_ref(rejected))</pre>
 *
 * <p>The definitions are those of TRL's {@code DPOTrainer}.
 */
public sealed interface PreferenceLoss {

  /** The loss at h. */
  double value(double beta, double h);

  /** Its derivative with respect to h. */
  double slope(double beta, double h);

  /** Whether log-probabilities are divided by the number of the answer's tokens first. */
  default boolean isPerToken() {
    return false;
  }

  /**
   * Direct preference optimisation (arXiv 2305.18290): −(1 − ε) log σ(βh) − ε log σ(−βh).
   *
   * @param labelSmoothing ε, the probability that a pair is the wrong way round, in [0, 0.5)
   *     (conservative DPO)
   */
  record Sigmoid(double labelSmoothing) implements PreferenceLoss {

    public Sigmoid {
      if (!(labelSmoothing >= 0 && labelSmoothing < 0.5)) {
        throw new IllegalArgumentException(
            "labelSmoothing is " + labelSmoothing + "; allowed: [0, 0.5)");
      }
    }

    /** Labels are right. */
    public Sigmoid() {
      this(0);
    }

    @Override
    public double value(double beta, double h) {
      double x = beta * h;
      return (1 - labelSmoothing) * softplus(-x) + labelSmoothing * softplus(x);
    }

    @Override
    public double slope(double beta, double h) {
      double x = beta * h;
      return beta * (labelSmoothing * sigmoid(x) - (1 - labelSmoothing) * sigmoid(-x));
    }

    /** log(1 + eˣ) = −log σ(−x), without overflow. */
    private static double softplus(double x) {
      return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    private static double sigmoid(double x) {
      return 1 / (1 + Math.exp(-x));
    }
  }

  /**
   * Identity preference optimisation (arXiv 2310.12036, equation 17): (h − 1 / (2β))², with h from
   * log-probabilities per token, as its authors advise and TRL does.
   */
  record Ipo() implements PreferenceLoss {

    @Override
    public double value(double beta, double h) {
      double distance = h - 1 / (2 * beta);
      return distance * distance;
    }

    @Override
    public double slope(double beta, double h) {
      return 2 * (h - 1 / (2 * beta));
    }

    @Override
    public boolean isPerToken() {
      return true;
    }
  }

  /** The hinge of SLiC (arXiv 2309.06657): max(0, 1 − βh). */
  record Hinge() implements PreferenceLoss {

    @Override
    public double value(double beta, double h) {
      return Math.max(0, 1 - beta * h);
    }

    @Override
    public double slope(double beta, double h) {
      return beta * h < 1 ? -beta : 0;
    }
  }
}
