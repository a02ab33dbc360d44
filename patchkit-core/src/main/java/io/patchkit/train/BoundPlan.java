package io.patchkit.train;

import io.patchkit.Prefix;
import io.patchkit.train.PatchTrainer.Selection;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A plan with a model to compute it on and the prefix that the training started from, which is
 * known when its checkpoints are read. Not thread-safe.
 *
 * @param objectives of the terms, in their order
 * @param orders which examples of each term a step takes
 * @param sizes how long a step is for each number
 * @param judge of the states, null where the last is taken
 */
record BoundPlan(
    List<BoundObjective> objectives,
    List<BatchOrder> orders,
    StepSizes sizes,
    @Nullable StateJudge judge) {

  static BoundPlan bind(
      TrainingPlan plan, DifferentiableModel model, Prefix start, @Nullable Selection selection) {
    List<BoundObjective> objectives = new ArrayList<>();
    List<BatchOrder> orders = new ArrayList<>();
    for (Term term : plan.terms()) {
      BatchOrder order =
          new BatchOrder(term.name(), term.objective().size(), term.perStep(), plan.seed());
      orders.add(order);
      objectives.add(
          BoundObjective.bind(
              term.objective(), model, start, plan.microBatch(), order::firstTakenWith));
    }
    Validation validation = plan.validation();
    return new BoundPlan(
        objectives,
        orders,
        plan.relativeSteps()
            ? StepSizes.relativeTo(start, plan.frozenPositions())
            : StepSizes.equal(),
        validation == null
            ? null
            : new StateJudge(validation, selection, model, start, plan.microBatch()));
  }

  /** The examples that a step takes, term by term. */
  List<BoundBatch> batches(int step) {
    List<BoundBatch> batches = new ArrayList<>();
    for (int i = 0; i < objectives.size(); i++) {
      batches.add(objectives.get(i).batch(orders.get(i).items(step)));
    }
    return batches;
  }
}
