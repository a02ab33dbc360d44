package io.patchkit.train;

import io.patchkit.Prefix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A sequence of tokens and, at each position of its answer, the probabilities that a teacher gave
 * to its likeliest tokens. Immutable.
 */
public final class SoftTargets {

  /** A teacher's float probabilities may sum to a little more than one. */
  private static final double ROUNDING = 1e-4;

  /** Below it, what is left is the rounding of float probabilities. */
  private static final double LEAST_REST = 1e-5;

  private final int[] tokens;
  private final int firstPosition;
  private final List<int[]> ids;
  private final List<double[]> probabilities;

  private SoftTargets(
      int[] tokens, int firstPosition, List<int[]> ids, List<double[]> probabilities) {
    this.tokens = tokens;
    this.firstPosition = firstPosition;
    this.ids = ids;
    this.probabilities = probabilities;
  }

  /**
   * Targets from their parts, which are copied.
   *
   * @param answer prompt and answer
   * @param ids for each token of the answer the teacher's likeliest ids, any number
   * @param probabilities of the same shape, each in (0, 1], at most 1 together at a position. What
   *     they leave of 1 is the teacher's probability of all other ids together; probabilities that
   *     were renormalised over the likeliest ids say that the others have none
   */
  public static SoftTargets of(AnswerTokens answer, List<int[]> ids, List<double[]> probabilities) {
    if (ids.size() != answer.answerLength() || probabilities.size() != ids.size()) {
      throw new IllegalArgumentException(
          "ids and probabilities have "
              + ids.size()
              + " and "
              + probabilities.size()
              + " positions; allowed: one for each of the answer's "
              + answer.answerLength()
              + " tokens");
    }
    List<int[]> idCopies = new ArrayList<>();
    List<double[]> probabilityCopies = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      requireDistribution(i, ids.get(i), probabilities.get(i));
      idCopies.add(ids.get(i).clone());
      probabilityCopies.add(probabilities.get(i).clone());
    }
    return new SoftTargets(
        answer.tokens(),
        answer.firstPosition(),
        List.copyOf(idCopies),
        List.copyOf(probabilityCopies));
  }

  /**
   * What a teacher with the same vocabulary makes of an answer: its k likeliest tokens at each
   * position with their probabilities, which sum to less than one by what is left to the others.
   *
   * @param teacher M' itself, or the model in training
   * @param prefix the teacher's, null for none
   * @param k 1 or more; the whole vocabulary if there are no more
   */
  public static SoftTargets of(
      DifferentiableModel teacher, @Nullable Prefix prefix, AnswerTokens answer, int k) {
    return of(teacher, prefix, List.of(answer), k).get(0);
  }

  /**
   * The same of several answers, which the teacher computes together.
   *
   * @param answers at least one; what is computed together has to fit into memory together
   * @return one for each answer
   */
  public static List<SoftTargets> of(
      DifferentiableModel teacher, @Nullable Prefix prefix, List<AnswerTokens> answers, int k) {
    List<TopLogProbabilities> likeliest =
        teacher.topLogProbabilities(prefix, answers, Math.min(k, teacher.shape().vocabularySize()));
    List<SoftTargets> targets = new ArrayList<>();
    for (int i = 0; i < answers.size(); i++) {
      targets.add(of(answers.get(i), likeliest.get(i)));
    }
    return targets;
  }

  private static SoftTargets of(AnswerTokens answer, TopLogProbabilities top) {
    List<int[]> ids = new ArrayList<>();
    List<double[]> probabilities = new ArrayList<>();
    for (int i = 0; i < top.positions(); i++) {
      keepPossible(top.ids(i), top.logProbabilities(i), ids, probabilities);
    }
    return of(answer, ids, probabilities);
  }

  /** A token of probability 0 is no target: 0 · log 0 is 0. */
  private static void keepPossible(
      int[] ids, double[] logProbabilities, List<int[]> keptIds, List<double[]> kept) {
    double[] probabilities = new double[ids.length];
    int count = 0;
    while (count < ids.length && Math.exp(logProbabilities[count]) > 0) {
      probabilities[count] = Math.min(1, Math.exp(logProbabilities[count]));
      count++;
    }
    keptIds.add(Arrays.copyOf(ids, count));
    kept.add(Arrays.copyOf(probabilities, count));
  }

  private static void requireDistribution(int position, int[] ids, double[] probabilities) {
    if (ids.length == 0 || ids.length != probabilities.length) {
      throw new IllegalArgumentException(
          "position "
              + position
              + " has "
              + ids.length
              + " ids and "
              + probabilities.length
              + " probabilities; allowed: equally many, at least one");
    }
    double sum = 0;
    for (double probability : probabilities) {
      if (!(probability > 0 && probability <= 1)) {
        throw new IllegalArgumentException(
            "position " + position + " has the probability " + probability + "; allowed: (0, 1]");
      }
      sum += probability;
    }
    if (sum > 1 + ROUNDING) {
      throw new IllegalArgumentException(
          "position "
              + position
              + " has probabilities that sum to "
              + sum
              + "; allowed: at most 1");
    }
  }

  /** Number of positions that have targets. */
  public int positions() {
    return ids.size();
  }

  /** Number of targets at all positions together. */
  int size() {
    int size = 0;
    for (int[] atPosition : ids) {
      size += atPosition.length;
    }
    return size;
  }

  /** Σ p · log p over all targets: minus the entropy, in nats. */
  double negativeEntropy() {
    double sum = 0;
    for (double[] atPosition : probabilities) {
      for (double probability : atPosition) {
        sum += probability * Math.log(probability);
      }
    }
    return sum;
  }

  /** The row whose targets carry the teacher's probabilities as weights. */
  TrainingRow row() {
    int size = size();
    int[] positions = new int[size];
    int[] flatIds = new int[size];
    double[] weights = new double[size];
    int next = 0;
    for (int i = 0; i < ids.size(); i++) {
      int count = ids.get(i).length;
      Arrays.fill(positions, next, next + count, firstPosition + i);
      System.arraycopy(ids.get(i), 0, flatIds, next, count);
      System.arraycopy(probabilities.get(i), 0, weights, next, count);
      next += count;
    }
    return TrainingRow.of(tokens, positions, flatIds, weights);
  }

  /**
   * The same with what the teacher left to all other ids as a target of its own ({@link
   * TrainingRow#REST}), so that the probabilities of a position sum to one.
   */
  SoftTargets withRest() {
    List<int[]> wholeIds = new ArrayList<>();
    List<double[]> wholeProbabilities = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      int[] known = ids.get(i);
      double[] shares = probabilities.get(i);
      double rest = 1 - Arrays.stream(shares).sum();
      if (rest >= LEAST_REST) {
        known = Arrays.copyOf(known, known.length + 1);
        known[known.length - 1] = TrainingRow.REST;
        shares = Arrays.copyOf(shares, known.length);
        shares[known.length - 1] = rest;
      }
      wholeIds.add(known);
      wholeProbabilities.add(shares);
    }
    return new SoftTargets(tokens, firstPosition, wholeIds, wholeProbabilities);
  }

  void addTo(DataDigest digest) {
    digest.add(tokens).add(firstPosition);
    for (int i = 0; i < ids.size(); i++) {
      digest.add(ids.get(i)).add(probabilities.get(i));
    }
  }
}
