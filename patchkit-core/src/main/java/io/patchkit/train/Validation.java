package io.patchkit.train;

import java.util.List;

/**
 * When and on what a training is judged, to choose among its states and to stop early. The
 * criterion is the caller's score where the trainer was given one ({@link
 * PatchTrainer#withSelection}), and otherwise the weighted loss on held-out data.
 *
 * @param everySteps between two judgements, ≥ 1; the state before the first step and that after the
 *     last are always judged
 * @param patience how many judgements in a row may bring no improvement before the training stops;
 *     0 to never stop early
 * @param minImprovement by how much the criterion must be better than the best so far to count as
 *     improvement for patience, ≥ 0
 * @param heldOut terms whose data the training does not see, each judged on all its examples; may
 *     be empty if the trainer has a score
 */
public record Validation(int everySteps, int patience, double minImprovement, List<Term> heldOut) {

  public Validation {
    heldOut = List.copyOf(heldOut);
    if (everySteps < 1 || patience < 0) {
      throw new IllegalArgumentException(
          "everySteps is "
              + everySteps
              + " and patience "
              + patience
              + "; allowed: at least 1, at least 0");
    }
    if (!(minImprovement >= 0 && minImprovement < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "minImprovement is " + minImprovement + "; allowed: 0 or more, finite");
    }
    TrainingPlan.requireDistinctNames("heldOut", heldOut);
  }

  /** Judges every so many steps on held-out data and never stops early. */
  public static Validation every(int steps, Term... heldOut) {
    return new Validation(steps, 0, 0, List.of(heldOut));
  }

  public Validation withPatience(int patience) {
    return new Validation(everySteps, patience, minImprovement, heldOut);
  }
}
