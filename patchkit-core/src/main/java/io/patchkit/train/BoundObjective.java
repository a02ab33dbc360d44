package io.patchkit.train;

import io.patchkit.Prefix;
import java.util.stream.IntStream;

/** An objective with a model to compute it on. Not thread-safe. */
sealed interface BoundObjective permits LinearObjective, PairObjective {

  /**
   * Some of the objective's examples, ready for a {@link LossPass}.
   *
   * @param items indices of the examples
   */
  BoundBatch batch(int[] items);

  /** Says which examples are met together: parts of a partition of the data. */
  @FunctionalInterface
  interface Grouping {

    /**
     * The examples that are met together with one, itself among them.
     *
     * @param atMost how many make a part
     */
    int[] with(int example, int atMost);
  }

  /** Binds an objective whose examples are met in their own order. */
  static BoundObjective bind(
      Objective objective, DifferentiableModel model, Prefix start, int microBatch) {
    return bind(
        objective,
        model,
        start,
        microBatch,
        (example, atMost) -> {
          int from = example / atMost * atMost;
          return IntStream.range(from, Math.min(from + atMost, objective.size())).toArray();
        });
  }

  /**
   * Binds an objective. What another policy makes of an example is computed together with the
   * examples that are met with it, whenever it is asked: the last bits of a row depend on the rows
   * beside it, and a training that is resumed asks in another order.
   *
   * @param start the prefix that the training starts from
   * @param microBatch the most rows given to the model at once
   * @param grouping what is met together
   */
  static BoundObjective bind(
      Objective objective,
      DifferentiableModel model,
      Prefix start,
      int microBatch,
      Grouping grouping) {
    if (objective instanceof Sft sft) {
      return LinearObjective.of(sft);
    }
    if (objective instanceof Distillation distillation) {
      return LinearObjective.of(distillation);
    }
    if (objective instanceof Counterfactual counterfactual) {
      return LinearObjective.of(
          counterfactual, model, example -> grouping.with(example, microBatch));
    }
    // A pair is two rows.
    int pairs = Math.max(1, microBatch / 2);
    return new PairObjective(
        (Dpo) objective, model, start, example -> grouping.with(example, pairs));
  }
}
