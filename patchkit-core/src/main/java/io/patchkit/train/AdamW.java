package io.patchkit.train;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), as {@code
 * torch.optim.AdamW} computes it. At step t with gradient g and learning rate η,
 *
 * <pre>
 * θ ← θ · (1 − η λ)
 * m ← β₁ m + (1 − β₁) g
 * v ← β₂ v + (1 − β₂) g²
 * θ ← θ − η · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 * </pre>
 *
 * <p>Parameters and moments are floats, so that a checkpoint holds them exactly; the arithmetic
 * between is in doubles.
 *
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon added to the denominator, above 0
 * @param weightDecay λ, 0 or more
 */
public record AdamW(double beta1, double beta2, double epsilon, double weightDecay) {

  private static final AdamW DEFAULTS = new AdamW(0.9, 0.999, 1e-8, 0);

  public AdamW {
    requireDecay("beta1", beta1);
    requireDecay("beta2", beta2);
    if (!(epsilon > 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("epsilon is " + epsilon + "; allowed: above 0 and finite");
    }
    if (!(weightDecay >= 0 && weightDecay < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "weightDecay is " + weightDecay + "; allowed: 0 or more, finite");
    }
  }

  private static void requireDecay(String field, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(field + " is " + value + "; allowed: [0, 1)");
    }
  }

  /** β 0.9 and 0.999, ε 1e-8, no weight decay: a prefix has nothing to be decayed towards. */
  public static AdamW defaults() {
    return DEFAULTS;
  }

  public AdamW withWeightDecay(double weightDecay) {
    return new AdamW(beta1, beta2, epsilon, weightDecay);
  }

  /** The first and second moments of the gradient, one of each for every parameter. */
  static final class Moments {

    final float[] first;
    final float[] second;

    Moments(float[] first, float[] second) {
      this.first = first;
      this.second = second;
    }

    /** Those of an optimizer that has not made a step. */
    static Moments zero(int size) {
      return new Moments(new float[size], new float[size]);
    }
  }

  /**
   * Makes one step in place.
   *
   * @param t how many steps have been made, this one included
   * @param sizes what the learning rate is multiplied by for each parameter; not in the decay
   * @param from parameters before this index are left as they are
   */
  void step(
      float[] parameters,
      double[] gradient,
      Moments moments,
      int t,
      double learningRate,
      StepSizes sizes,
      int from) {
    double correction1 = 1 - StrictMath.pow(beta1, t);
    double rootCorrection2 = Math.sqrt(1 - StrictMath.pow(beta2, t));
    for (int i = from; i < parameters.length; i++) {
      double g = gradient[i];
      double m = beta1 * moments.first[i] + (1 - beta1) * g;
      double v = beta2 * moments.second[i] + (1 - beta2) * g * g;
      double denominator = Math.sqrt(v) / rootCorrection2 + epsilon;
      double decayed = parameters[i] * (1 - learningRate * weightDecay);
      double rate = learningRate * sizes.of(i);
      parameters[i] = (float) (decayed - rate / correction1 * m / denominator);
      moments.first[i] = (float) m;
      moments.second[i] = (float) v;
    }
  }
}
