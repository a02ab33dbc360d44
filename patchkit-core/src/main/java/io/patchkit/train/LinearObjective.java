package io.patchkit.train;

import io.patchkit.Prefix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

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

  private final DifferentiableModel model;
  private final int microBatch;
  private final Divergence divergence;
  private final IntFunction<Item> items;

  private LinearObjective(
      DifferentiableModel model, int microBatch, Divergence divergence, IntFunction<Item> items) {
    this.model = model;
    this.microBatch = microBatch;
    this.divergence = divergence;
    this.items = items;
  }

  static LinearObjective of(Sft sft, DifferentiableModel model, int microBatch) {
    return new LinearObjective(
        model,
        microBatch,
        Divergence.NONE,
        i -> {
          AnswerTokens answer = sft.data().get(i);
          double[] weights = new double[answer.answerLength()];
          Arrays.fill(weights, 1);
          weights[0] = sft.firstTokenWeight();
          return new Item(answer.row(weights), weights.length - 1 + weights[0], 0);
        });
  }

  static LinearObjective of(Distillation distillation, DifferentiableModel model, int microBatch) {
    return new LinearObjective(
        model, microBatch, Divergence.REPORTED, i -> item(distillation.data().get(i)));
  }

  static LinearObjective of(
      Counterfactual counterfactual,
      DifferentiableModel model,
      int microBatch,
      IntFunction<int[]> group) {
    BaseTargets targets = new BaseTargets(model, counterfactual, group);
    return new LinearObjective(model, microBatch, Divergence.LOSS, i -> item(targets.of(i)));
  }

  private static Item item(SoftTargets targets) {
    return new Item(targets.row(), targets.positions(), targets.negativeEntropy());
  }

  @Override
  public BatchLoss loss(
      Prefix prefix, int[] batch, double weight, double @Nullable [] gradientSum) {
    List<TrainingRow> rows = new ArrayList<>(batch.length);
    double mass = 0;
    double negativeEntropy = 0;
    long tokens = 0;
    for (int index : batch) {
      Item item = items.apply(index);
      rows.add(item.row());
      mass += item.mass();
      negativeEntropy += item.negativeEntropy();
      tokens += item.row().length();
    }
    // Rows of like length share a call, where an engine pads them to the longest.
    rows.sort(Comparator.comparingInt(TrainingRow::length).reversed());
    double crossEntropy = 0;
    for (int from = 0; from < rows.size(); from += microBatch) {
      List<TrainingRow> scaled = new ArrayList<>(microBatch);
      for (TrainingRow row : rows.subList(from, Math.min(from + microBatch, rows.size()))) {
        scaled.add(row.scaled(-1 / mass));
      }
      if (gradientSum == null) {
        crossEntropy += model.logProbabilities(prefix, scaled).objective(scaled);
      } else {
        Gradient gradient = model.gradient(prefix, scaled);
        crossEntropy += gradient.logProbabilities().objective(scaled);
        gradient.addTo(gradientSum, weight);
      }
    }
    Double kl = divergence == Divergence.NONE ? null : crossEntropy + negativeEntropy / mass;
    double loss = divergence == Divergence.LOSS && kl != null ? kl : crossEntropy;
    return new BatchLoss(loss, kl, null, tokens);
  }
}
