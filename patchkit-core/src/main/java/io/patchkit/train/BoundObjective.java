package io.patchkit.train;

import io.patchkit.Prefix;
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

  /**
   * Binds an objective.
   *
   * @param start the prefix that the training starts from
   * @param microBatch the most rows given to the model at once
   */
  static BoundObjective bind(
      Objective objective, DifferentiableModel model, Prefix start, int microBatch) {
    if (objective instanceof Sft sft) {
      return LinearObjective.of(sft, model, microBatch);
    }
    if (objective instanceof Distillation distillation) {
      return LinearObjective.of(distillation, model, microBatch);
    }
    if (objective instanceof Counterfactual counterfactual) {
      return LinearObjective.of(counterfactual, model, microBatch);
    }
    return new PairObjective((Dpo) objective, model, start, microBatch);
  }
}
