package io.patchkit.train;

import io.patchkit.Prefix;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** An objective with a model to compute it on. Not thread-safe. */
sealed interface BoundObjective permits LinearObjective, PairObjective {

  /**
   * The loss of a batch and, where a sum is given, its gradient.
   *
   * @param items indices of the batch's examples
   * @param weight by which the gradient is multiplied
   * @param gradientSum the weighted gradient is added to it; null to run forward only
   */
  BatchLoss loss(Prefix prefix, int[] items, double weight, double @Nullable [] gradientSum);

  /** Binds an objective whose examples are met in their own order. */
  static BoundObjective bind(
      Objective objective, DifferentiableModel model, Prefix start, int microBatch) {
    return bind(
        objective,
        model,
        start,
        microBatch,
        example -> {
          int from = example / microBatch * microBatch;
          return IntStream.range(from, Math.min(from + microBatch, objective.size())).toArray();
        });
  }

  /**
   * Binds an objective.
   *
   * @param start the prefix that the training starts from
   * @param microBatch the most rows given to the model at once
   * @param group the examples that are met together with one: parts of a partition of the data
   */
  static BoundObjective bind(
      Objective objective,
      DifferentiableModel model,
      Prefix start,
      int microBatch,
      IntFunction<int[]> group) {
    if (objective instanceof Sft sft) {
      return LinearObjective.of(sft, model, microBatch);
    }
    if (objective instanceof Distillation distillation) {
      return LinearObjective.of(distillation, model, microBatch);
    }
    if (objective instanceof Counterfactual counterfactual) {
      return LinearObjective.of(counterfactual, model, microBatch, group);
    }
    return new PairObjective((Dpo) objective, model, start, microBatch);
  }
}
