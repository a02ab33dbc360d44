package io.patchkit.train;

import io.patchkit.Prefix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An objective that goes through its model alone. */
final class SoleObjective {

  private final BoundObjective bound;
  private final LossPass pass;

  private SoleObjective(BoundObjective bound, LossPass pass) {
    this.bound = bound;
    this.pass = pass;
  }

  static SoleObjective bind(
      Objective objective, DifferentiableModel model, Prefix start, int microBatch) {
    return new SoleObjective(
        BoundObjective.bind(objective, model, start, microBatch), new LossPass(model, microBatch));
  }

  /**
   * The loss of a batch and, where a sum is given, its gradient.
   *
   * @param weight by which the gradient is multiplied
   * @param gradientSum the weighted gradient is added to it; null to run forward only
   */
  BatchLoss loss(Prefix prefix, int[] items, double weight, double @Nullable [] gradientSum) {
    List<BoundBatch> batch = List.of(bound.batch(items));
    return gradientSum == null
        ? pass.losses(prefix, batch).get(0)
        : pass.losses(prefix, batch, new double[] {weight}, gradientSum).get(0);
  }
}
