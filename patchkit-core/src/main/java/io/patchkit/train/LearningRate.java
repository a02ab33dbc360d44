package io.patchkit.train;

/** The learning rate of each step. */
public sealed interface LearningRate {

  /**
   * The rate of a step.
   *
   * @param step 0 … steps − 1
   * @param steps of the whole training
   */
  double at(int step, int steps);

  /**
   * The same rate throughout.
   *
   * @param rate above 0
   */
  record Constant(double rate) implements LearningRate {

    public Constant {
      requireRate("rate", rate);
    }

    @Override
    public double at(int step, int steps) {
      return rate;
    }
  }

  /**
   * A linear rise to the peak, then half a cosine down to the floor (Loshchilov and Hutter, arXiv
   * 1608.03983). With w warm-up steps, step s has (s + 1) / w of the peak while s &lt; w.
   *
   * @param peak the highest rate, above 0
   * @param warmUpSteps 0 or more
   * @param floor share of the peak that the last steps approach, in [0, 1]
   */
  record Cosine(double peak, int warmUpSteps, double floor) implements LearningRate {

    public Cosine {
      requireRate("peak", peak);
      if (warmUpSteps < 0) {
        throw new IllegalArgumentException(
            "warmUpSteps is " + warmUpSteps + "; allowed: 0 or more");
      }
      if (!(floor >= 0 && floor <= 1)) {
        throw new IllegalArgumentException("floor is " + floor + "; allowed: [0, 1]");
      }
    }

    @Override
    public double at(int step, int steps) {
      if (step < warmUpSteps) {
        return peak * (step + 1) / warmUpSteps;
      }
      double progress = (double) (step - warmUpSteps) / Math.max(1, steps - warmUpSteps);
      double share = 0.5 * (1 + StrictMath.cos(StrictMath.PI * progress));
      return peak * (floor + (1 - floor) * share);
    }
  }

  /** Five steps of warm-up, then half a cosine down to 0. */
  static LearningRate cosine(double peak) {
    return new Cosine(peak, 5, 0);
  }

  /** The same rate throughout. */
  static LearningRate constant(double rate) {
    return new Constant(rate);
  }

  private static void requireRate(String field, double rate) {
    if (!(rate > 0 && rate < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(field + " is " + rate + "; allowed: above 0 and finite");
    }
  }
}
