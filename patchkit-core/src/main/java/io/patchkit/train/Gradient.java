package io.patchkit.train;

import java.util.Objects;

/** What one differentiation yields. Immutable. */
public final class Gradient {

  private final RowLogProbabilities logProbabilities;
  private final float[] values;

  private Gradient(RowLogProbabilities logProbabilities, float[] values) {
    this.logProbabilities = logProbabilities;
    this.values = values;
  }

  /**
   * A gradient from its parts.
   *
   * @param logProbabilities of every target, as the forward half of the run found them
   * @param values dJ/dprefix in the layout of the prefix's own {@code rows()}; copied
   */
  public static Gradient of(RowLogProbabilities logProbabilities, float[] values) {
    return new Gradient(Objects.requireNonNull(logProbabilities), values.clone());
  }

  /** The log-probabilities of every target. */
  public RowLogProbabilities logProbabilities() {
    return logProbabilities;
  }

  /** A copy of dJ/dprefix, in the layout of the prefix's {@code rows()}. */
  public float[] values() {
    return values.clone();
  }

  /** Adds {@code factor} times this gradient to a sum. */
  void addTo(double[] sum, double factor) {
    if (sum.length != values.length) {
      throw new IllegalStateException(
          "the model returned a gradient of "
              + values.length
              + " numbers for a prefix of "
              + sum.length);
    }
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * values[i];
    }
  }
}
