package io.patchkit.train;

import io.patchkit.Prefix;
import io.patchkit.train.PatchTrainer.Selection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Judges the states of a training by its criterion and keeps the best. Not thread-safe. */
final class Judge {

  private final Validation validation;
  private final @Nullable Selection selection;
  private final List<BoundObjective> heldOut = new ArrayList<>();
  private final LossPass pass;

  Judge(
      Validation validation,
      @Nullable Selection selection,
      DifferentiableModel model,
      Prefix start,
      int microBatch) {
    this.validation = validation;
    this.selection = selection;
    this.pass = new LossPass(model, microBatch);
    for (Term term : validation.heldOut()) {
      heldOut.add(BoundObjective.bind(term.objective(), model, start, microBatch));
    }
  }

  /** The name of the criterion. */
  String criterion() {
    return selection == null ? "held-out loss" : selection.name();
  }

  boolean isDue(int step, int steps) {
    return step % validation.everySteps() == 0 || step == steps;
  }

  /** Whether the criterion has not improved for as long as the plan has patience. */
  boolean isOutOfPatience(TrainingState state) {
    return validation.patience() > 0 && state.sinceImprovement >= validation.patience();
  }

  /**
   * Judges the state, and keeps it in the state where it is the best so far.
   *
   * @param lastCheckpoint to go back to where the held-out loss is not finite
   */
  ValidationResult judge(TrainingState state, @Nullable Path lastCheckpoint) {
    Prefix prefix = state.prefix();
    List<TermProgress> terms = new ArrayList<>();
    double loss = 0;
    for (int i = 0; i < heldOut.size(); i++) {
      Term term = validation.heldOut().get(i);
      BatchLoss all = pass.losses(prefix, List.of(heldOut.get(i).batch(everyExample(term)))).get(0);
      terms.add(all.progress(term.name()));
      loss += term.weight() * all.loss();
    }
    if (!Double.isFinite(loss)) {
      throw new TrainingDivergedException(state.step, "the held-out loss " + loss, lastCheckpoint);
    }
    Double score = selection == null ? null : selection.score().applyAsDouble(prefix);
    double criterion = score == null ? -loss : score;
    if (!Double.isFinite(criterion)) {
      throw new IllegalArgumentException(
          "the score '"
              + criterion()
              + "' is "
              + criterion
              + " after "
              + state.step
              + " steps; allowed: finite numbers");
    }
    TrainingState.Best best = state.best;
    boolean isBest = best == null || criterion > best.criterion();
    if (isBest) {
      state.best = new TrainingState.Best(state.step, criterion, prefix);
    }
    if (best == null || criterion > state.bar + validation.minImprovement()) {
      state.bar = criterion;
      state.sinceImprovement = 0;
    } else {
      state.sinceImprovement++;
    }
    return new ValidationResult(
        state.step, terms, terms.isEmpty() ? null : loss, score, isBest, state.sinceImprovement);
  }

  private static int[] everyExample(Term term) {
    int[] all = new int[term.objective().size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = i;
    }
    return all;
  }
}
