package io.patchkit.train;

import java.util.Arrays;
import java.util.BitSet;

/**
 * One sequence of tokens and the targets whose log-probabilities are wanted. A target is a position
 * of the sequence, an id that might stand there, and a weight; the row's objective is
 *
 * <pre>J = Σ weight · log p(id | prefix, tokens[0 … position − 1])</pre>
 *
 * <p>This one form serves every loss: supervised fine-tuning has one target at each position of the
 * answer, preference optimisation the pair's coefficient as weight, distillation many ids a
 * position, weighted by the teacher's probabilities, and {@link #REST} what the teacher left to all
 * others. Immutable.
 */
public final class TrainingRow {

  /** As an id, all ids together that are no other target at the position. */
  public static final int REST = -1;

  private final int[] tokens;
  private final int[] positions;
  private final int[] ids;
  private final double[] weights;

  private TrainingRow(int[] tokens, int[] positions, int[] ids, double[] weights) {
    this.tokens = tokens;
    this.positions = positions;
    this.ids = ids;
    this.weights = weights;
  }

  /**
   * A row from its parts, which are copied. Targets are parallel arrays.
   *
   * @param tokens prompt and answer, at least one id, each ≥ 0: virtual tokens are the prefix's
   * @param positions ascending, each in 1 … tokens.length; tokens.length is the position after the
   *     last token
   * @param ids no id twice at one position, each ≥ 0, or {@link #REST} as the last of several
   * @param weights finite, of any sign
   */
  public static TrainingRow of(int[] tokens, int[] positions, int[] ids, double[] weights) {
    if (tokens.length == 0 || ids.length == 0) {
      throw new IllegalArgumentException(
          "a row has "
              + tokens.length
              + " tokens and "
              + ids.length
              + " targets; allowed: at least one of each");
    }
    if (positions.length != ids.length || weights.length != ids.length) {
      throw new IllegalArgumentException(
          "positions, ids, weights have lengths "
              + Arrays.asList(positions.length, ids.length, weights.length)
              + "; allowed: equal lengths");
    }
    AnswerTokens.requireTokens("tokens", tokens);
    requireTargets(tokens.length, positions, ids, weights);
    return new TrainingRow(tokens.clone(), positions.clone(), ids.clone(), weights.clone());
  }

  private static void requireTargets(int length, int[] positions, int[] ids, double[] weights) {
    BitSet atPosition = new BitSet();
    for (int i = 0; i < ids.length; i++) {
      if (positions[i] < 1 || positions[i] > length || (i > 0 && positions[i] < positions[i - 1])) {
        throw new IllegalArgumentException(
            "positions[" + i + "] is " + positions[i] + "; allowed: ascending from 1 to " + length);
      }
      boolean isFirst = i == 0 || positions[i] != positions[i - 1];
      if (isFirst) {
        atPosition.clear();
      }
      if (isFirst ? ids[i] == REST : ids[i - 1] == REST) {
        throw new IllegalArgumentException(
            "ids[" + i + "] is " + ids[i] + "; allowed: REST as the last of several at a position");
      }
      if (ids[i] < REST || (ids[i] != REST && atPosition.get(ids[i]))) {
        throw new IllegalArgumentException(
            "ids["
                + i
                + "] is "
                + ids[i]
                + "; allowed: at least 0 or REST, and once at position "
                + positions[i]);
      }
      if (ids[i] != REST) {
        atPosition.set(ids[i]);
      }
      if (!Double.isFinite(weights[i])) {
        throw new IllegalArgumentException(
            "weights[" + i + "] is " + weights[i] + "; allowed: finite numbers");
      }
    }
  }

  /** Number of tokens. */
  public int length() {
    return tokens.length;
  }

  /** A copy of the tokens. */
  public int[] tokens() {
    return tokens.clone();
  }

  /** Number of targets. */
  public int targets() {
    return ids.length;
  }

  /** The position of a target; its logits are those after token {@code position − 1}. */
  public int position(int target) {
    return positions[target];
  }

  /** The id of a target, {@link #REST} for the rest. */
  public int id(int target) {
    return ids[target];
  }

  /** The weight of a target. */
  public double weight(int target) {
    return weights[target];
  }

  /** The same targets, each weight multiplied by a finite factor. */
  public TrainingRow scaled(double factor) {
    double[] scaled = new double[weights.length];
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = weights[i] * factor;
    }
    return of(tokens, positions, ids, scaled);
  }

  /**
   * J of this row.
   *
   * @param logProbabilities one for each target
   */
  double objective(double[] logProbabilities) {
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i] * logProbabilities[i];
    }
    return sum;
  }
}
