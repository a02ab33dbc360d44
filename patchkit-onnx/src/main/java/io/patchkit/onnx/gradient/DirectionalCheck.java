package io.patchkit.onnx.gradient;

import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.train.RowLogProbabilities;
import io.patchkit.train.TrainingRow;
import java.util.List;
import java.util.Random;

/**
 * Compares a gradient with what the decoder's own log-probabilities do when the prefix moves.
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
   * The difference between both derivatives, relative to the norm of the gradient: below about 3e-3
   * in single precision where the gradient is right.
   *
   * @param seed of the random part of the direction
   */
  public static double relativeError(
      DifferentiableDecoder decoder, Prefix prefix, List<TrainingRow> rows, long seed) {
    float[] gradient = decoder.gradient(prefix, rows).values();
    float[] start = rows(prefix);
    Random random = new Random(seed);
    double[] direction = new double[start.length];
    for (int i = 0; i < direction.length; i++) {
      direction[i] = random.nextGaussian();
    }
    double gradientNorm = Math.sqrt(dot(gradient, gradient));
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
      double h = step * Math.sqrt(dot(start, start));
      double difference =
          (objective(decoder, moved(prefix, direction, h), rows)
                  - objective(decoder, moved(prefix, direction, -h), rows))
              / (2 * h);
      best = Math.min(best, Math.abs(difference - expected) / gradientNorm);
    }
    return best;
  }

  private static double objective(
      DifferentiableDecoder decoder, Prefix prefix, List<TrainingRow> rows) {
    RowLogProbabilities found = decoder.logProbabilities(prefix, rows);
    double sum = 0;
    for (int i = 0; i < rows.size(); i++) {
      double[] row = found.row(i);
      for (int target = 0; target < row.length; target++) {
        sum += rows.get(i).weight(target) * row[target];
      }
    }
    return sum;
  }

  private static Prefix moved(Prefix prefix, double[] direction, double h) {
    float[] rows = rows(prefix);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) (rows[i] + h * direction[i]);
    }
    if (prefix instanceof KeyValuePrefix past) {
      return KeyValuePrefix.of(past.layers(), past.keyValueHeads(), past.headDim(), rows);
    }
    SoftPrompt soft = (SoftPrompt) prefix;
    return SoftPrompt.of(soft.hiddenSize(), soft.space(), rows);
  }

  private static float[] rows(Prefix prefix) {
    return prefix instanceof SoftPrompt soft ? soft.rows() : ((KeyValuePrefix) prefix).rows();
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private static double norm(double[] values) {
    double square = 0;
    for (double value : values) {
      square += value * value;
    }
    return Math.sqrt(square);
  }
}
