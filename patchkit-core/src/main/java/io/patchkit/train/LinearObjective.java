package io.patchkit.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/**
 * An objective whose loss is a fixed linear function of log-probabilities: −Σ w · log p / mass,
 * with weights that do not depend on the prefix. Each row then goes through the model once a step.
 */
final class LinearObjective implements BoundObjective {

  /** What is said of the divergence from the distribution that the weights come from. */
  private enum Divergence {
    /** The weights are no distribution. */
    NONE,
    /** It is reported beside the cross-entropy, which is the loss. */
    REPORTED,
    /** It is the loss. */
    LOSS
  }

  /**
   * One example.
   *
   * @param mass its part of the denominator
   * @param negativeEntropy Σ w · log w where the weights are distributions, else 0
   */
  private record Item(TrainingRow row, double mass, double negativeEntropy) {}

  private final Divergence divergence;
  private final IntFunction<Item> items;

  private LinearObjective(Divergence divergence, IntFunction<Item> items) {
    this.divergence = divergence;
    this.items = items;
  }

  static LinearObjective of(Sft sft) {
    return new LinearObjective(
        Divergence.NONE,
        i -> {
          AnswerTokens answer = sft.data().get(i);
          double[] weights = new double[answer.answerLength()];
          Arrays.fill(weights, 1);
          weights[0] = sft.firstTokenWeight();
          return new Item(answer.row(weights), weights.length - 1 + weights[0], 0);
        });
  }

  static LinearObjective of(Distillation distillation) {
    return new LinearObjective(
        Divergence.REPORTED, i -> item(distillation.data().get(i).withRest()));
  }

  static LinearObjective of(
      Counterfactual counterfactual, DifferentiableModel model, IntFunction<int[]> group) {
    BaseTargets targets = new BaseTargets(model, counterfactual, group);
    return new LinearObjective(Divergence.LOSS, i -> item(targets.of(i).withRest()));
  }

  private static Item item(SoftTargets targets) {
    return new Item(targets.row(), targets.positions(), targets.negativeEntropy());
  }

  @Override
  public BoundBatch batch(int[] indices) {
    List<Item> batch = new ArrayList<>(indices.length);
    double mass = 0;
    for (int index : indices) {
      Item item = items.apply(index);
      batch.add(item);
      mass += item.mass();
    }
    List<TrainingRow> rows = new ArrayList<>(indices.length);
    double negativeEntropy = 0;
    long tokens = 0;
    for (Item item : batch) {
      rows.add(item.row().scaled(-1 / mass));
      negativeEntropy += item.negativeEntropy() / mass;
      tokens += item.row().length();
    }
    return new LinearBatch(rows, divergence, negativeEntropy, tokens);
  }

  private record LinearBatch(
      List<TrainingRow> rows, Divergence divergence, double negativeEntropy, long tokens)
      implements BoundBatch {

    @Override
    public boolean isLinear() {
      return true;
    }

    @Override
    public List<TrainingRow> weighted(List<double[]> logProbabilities) {
      return rows;
    }

    @Override
    public BatchLoss loss(List<double[]> logProbabilities) {
      double crossEntropy = 0;
      for (int i = 0; i < rows.size(); i++) {
        crossEntropy += rows.get(i).objective(logProbabilities.get(i));
      }
      Double kl = divergence == Divergence.NONE ? null : crossEntropy + negativeEntropy;
      double loss = divergence == Divergence.LOSS && kl != null ? kl : crossEntropy;
      return new BatchLoss(loss, kl, null, tokens);
    }
  }
}
