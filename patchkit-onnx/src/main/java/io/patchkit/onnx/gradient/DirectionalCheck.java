package io.patchkit.onnx.gradient;

import java.util.List;
import java.util.Random;

/**
 * Compares a gradient with what the same model's own log-probabilities do when the prefix moves.
 *
 * <p>Along a unit direction d the central difference (J(x + hd) − J(x − hd)) / 2h approaches ∇J ·
 * d. The direction is half the gradient's own, where the signal is strongest, and half random, so
 * that an error in any direction shows. Rounding spoils small steps and curvature large ones; the
 * best of several counts.
 */
public final class DirectionalCheck {

  /** Steps relative to the norm of the prefix. */
  private static final double[] STEPS = {1e-2, 3e-3, 1e-3};

  private DirectionalCheck() {}

  /**
   * The difference between both derivatives, relative to the norm of the gradient: about 1e-3 in
   * single precision where the gradient is right.
   *
   * @param seed of the random part of the direction
   */
  public static double relativeError(
      GradientModel model, List<Example> rows, float[] prefix, long seed) {
    float[] gradient = model.run(rows, prefix).gradient();
    Random random = new Random(seed);
    double[] direction = new double[prefix.length];
    for (int i = 0; i < direction.length; i++) {
      direction[i] = random.nextGaussian();
    }
    double gradientNorm = norm(gradient);
    double randomNorm = norm(direction);
    for (int i = 0; i < direction.length; i++) {
      direction[i] =
          direction[i] / randomNorm + (gradientNorm == 0 ? 0 : gradient[i] / gradientNorm);
    }
    double length = norm(direction);
    double expected = 0;
    for (int i = 0; i < direction.length; i++) {
      direction[i] /= length;
      expected += direction[i] * gradient[i];
    }
    double best = Double.POSITIVE_INFINITY;
    for (double step : STEPS) {
      double h = step * norm(prefix);
      double difference =
          (objective(model, rows, prefix, direction, h)
                  - objective(model, rows, prefix, direction, -h))
              / (2 * h);
      best = Math.min(best, Math.abs(difference - expected) / gradientNorm);
    }
    return best;
  }

  private static double objective(
      GradientModel model, List<Example> rows, float[] prefix, double[] direction, double h) {
    float[] moved = new float[prefix.length];
    for (int i = 0; i < moved.length; i++) {
      moved[i] = (float) (prefix[i] + h * direction[i]);
    }
    GradientStep step = model.run(rows, moved);
    double sum = 0;
    for (int row = 0; row < step.rows(); row++) {
      sum += step.objective(row);
    }
    return sum;
  }

  private static double norm(float[] values) {
    double square = 0;
    for (float value : values) {
      square += (double) value * value;
    }
    return Math.sqrt(square);
  }

  private static double norm(double[] values) {
    double square = 0;
    for (double value : values) {
      square += value * value;
    }
    return Math.sqrt(square);
  }
}
