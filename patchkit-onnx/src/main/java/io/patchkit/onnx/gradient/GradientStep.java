package io.patchkit.onnx.gradient;

/**
 * What one pass over a batch computed. Immutable; the rows are in the batch's order.
 *
 * <p>The gradient is kept row by row, because an objective may weigh rows by numbers that only the
 * pass itself reveals: in direct preference optimisation a pair's coefficient depends on its
 * margin.
 */
public final class GradientStep {

  private final float[][][] logProbabilities;
  private final double[] objectives;
  private final float[][] gradients;

  GradientStep(float[][][] logProbabilities, double[] objectives, float[][] gradients) {
    this.logProbabilities = logProbabilities;
    this.objectives = objectives;
    this.gradients = gradients;
  }

  public int rows() {
    return objectives.length;
  }

  /** J of one row: Σ weight · log p over its positions and targets. */
  public double objective(int row) {
    return objectives[row];
  }

  /** log p of a row's targets, [positions][K] as in its {@link Example}. */
  public float[][] logProbabilities(int row) {
    float[][] copy = logProbabilities[row].clone();
    for (int i = 0; i < copy.length; i++) {
      copy[i] = copy[i].clone();
    }
    return copy;
  }

  /** ∂(Σ J)/∂prefix, laid out like the prefix. */
  public float[] gradient() {
    double[] coefficients = new double[rows()];
    java.util.Arrays.fill(coefficients, 1);
    return gradient(coefficients);
  }

  /** ∂(Σ coefficient · J)/∂prefix with one coefficient a row, laid out like the prefix. */
  public float[] gradient(double[] coefficients) {
    if (coefficients.length != rows()) {
      throw new IllegalArgumentException(
          "coefficients must be one a row, " + rows() + ", found " + coefficients.length);
    }
    double[] sum = new double[gradients[0].length];
    for (int row = 0; row < gradients.length; row++) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += coefficients[row] * gradients[row][i];
      }
    }
    float[] rounded = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      rounded[i] = (float) sum[i];
    }
    return rounded;
  }
}
