package io.patchkit.onnx.gradient;

import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.train.TrainingRow;
import java.util.ArrayList;
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

  /** By how much a step changes J, if the gradient is right; a trained network curves sooner. */
  private static final double[] CHANGES = {0.3, 0.1, 0.03, 0.01};

  private DirectionalCheck() {}

  /** J of some rows after each of several prefixes. */
  interface Objectives {
    double[] after(List<Prefix> prefixes);
  }

  /**
   * The difference between both derivatives, relative to the norm of the gradient: below about 5e-3
   * in single precision where the gradient is right.
   *
   * @param seed of the random part of the direction
   */
  public static double relativeError(
      DifferentiableDecoder decoder, Prefix prefix, List<TrainingRow> rows, long seed) {
    return decoder.session(prefix).directionalError(prefix, rows, seed);
  }

  /**
   * The same for a gradient already known.
   *
   * @param gradient in the layout of the prefix's rows
   */
  static double relativeError(Prefix prefix, float[] gradient, Objectives objectives, long seed) {
    Random random = new Random(seed);
    double[] direction = new double[gradient.length];
    for (int i = 0; i < direction.length; i++) {
      direction[i] = random.nextGaussian();
    }
    double gradientNorm = norm(gradient);
    if (!Double.isFinite(gradientNorm)) {
      return Double.POSITIVE_INFINITY;
    }
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
    List<Prefix> moved = new ArrayList<>();
    for (double change : CHANGES) {
      moved.add(moved(prefix, direction, change / Math.max(gradientNorm, 1e-6)));
      moved.add(moved(prefix, direction, -change / Math.max(gradientNorm, 1e-6)));
    }
    double[] found = objectives.after(moved);
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < CHANGES.length; i++) {
      double h = CHANGES[i] / Math.max(gradientNorm, 1e-6);
      double difference = (found[2 * i] - found[2 * i + 1]) / (2 * h);
      best = Math.min(best, Math.abs(difference - expected) / gradientNorm);
    }
    return best;
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
