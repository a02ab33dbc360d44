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
 * <p>A probe d moves every number of the prefix, by a random sign times a size. Where g is the
 * gradient, (J(x + d) − J(x − d)) / 2 approaches g · d; where it is not, both differ by e · d for
 * the error e, which as a random sum is about as large as e itself, whatever the direction of e and
 * however many numbers there are. So the root mean square over some probes, divided by that of g ·
 * d, estimates |e| / |g| (Hutchinson 1989). A direction along g would see nothing of an error
 * orthogonal to g, such as a part of it that is missing.
 *
 * <p>Keys and values of different layers differ in their gradients by orders of magnitude. The
 * sizes make each of these planes, or each row of a soft prompt, count alike, as far as a small
 * movement can.
 *
 * <p>Rounding spoils small movements and curvature large ones; the better of two counts.
 */
public final class DirectionalCheck {

  /** By how much a probe changes J, as a root mean square; a trained network curves sooner. */
  private static final double[] CHANGES = {0.1, 0.03};

  /** How far a number moves at most, relative to the root mean square of its part. */
  private static final double MAX_MOVE = 0.1;

  private static final int PROBES = 8;

  private DirectionalCheck() {}

  /** J of some rows after each of several prefixes. */
  interface Objectives {
    double[] after(List<Prefix> prefixes);
  }

  /**
   * The norm of the gradient's error relative to the norm of the gradient, each part weighted as
   * above: below about 5e-3 in single precision where the gradient is right. Infinite for a
   * gradient that is zero or not finite.
   *
   * @param seed of the signs
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
    double best = Double.POSITIVE_INFINITY;
    for (double change : CHANGES) {
      double[] sizes = sizes(prefix, gradient, change);
      double norm = 0;
      for (int i = 0; i < sizes.length; i++) {
        norm += Math.pow(sizes[i] * gradient[i], 2);
      }
      norm = Math.sqrt(norm);
      if (!(norm > 0 && Double.isFinite(norm))) {
        return Double.POSITIVE_INFINITY;
      }
      best = Math.min(best, error(prefix, gradient, sizes, objectives, seed) / norm);
    }
    return best;
  }

  /** The root mean square of e · d. */
  private static double error(
      Prefix prefix, float[] gradient, double[] sizes, Objectives objectives, long seed) {
    Random random = new Random(seed);
    double[] expected = new double[PROBES];
    List<Prefix> moved = new ArrayList<>();
    for (int probe = 0; probe < PROBES; probe++) {
      double[] direction = new double[sizes.length];
      for (int i = 0; i < direction.length; i++) {
        direction[i] = random.nextBoolean() ? sizes[i] : -sizes[i];
        expected[probe] += direction[i] * gradient[i];
      }
      moved.add(moved(prefix, direction, 1));
      moved.add(moved(prefix, direction, -1));
    }
    double[] found = objectives.after(moved);
    double square = 0;
    for (int probe = 0; probe < PROBES; probe++) {
      double difference = (found[2 * probe] - found[2 * probe + 1]) / 2;
      square += Math.pow(difference - expected[probe], 2);
    }
    return Math.sqrt(square / PROBES);
  }

  /** How far each number moves: each part changes J alike, all together by {@code change}. */
  private static double[] sizes(Prefix prefix, float[] gradient, double change) {
    float[] rows = rows(prefix);
    int parts = prefix instanceof KeyValuePrefix past ? 2 * past.layers() : prefix.length();
    int width = rows.length / prefix.length();
    int run = prefix instanceof KeyValuePrefix ? width / parts : width;
    double[] gradientSquares = new double[parts];
    double[] squares = new double[parts];
    for (int i = 0; i < rows.length; i++) {
      int part = i / run % parts;
      gradientSquares[part] += (double) gradient[i] * gradient[i];
      squares[part] += (double) rows[i] * rows[i];
    }
    double[] sizes = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      int part = i / run % parts;
      double most = MAX_MOVE * Math.sqrt(squares[part] * parts / rows.length);
      sizes[i] = Math.min(most, change / Math.sqrt(parts * gradientSquares[part]));
    }
    return sizes;
  }

  private static Prefix moved(Prefix prefix, double[] direction, int sign) {
    float[] rows = rows(prefix);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) (rows[i] + sign * direction[i]);
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
}
