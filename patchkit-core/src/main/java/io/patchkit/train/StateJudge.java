package io.patchkit.train;

import io.patchkit.Prefix;
import io.patchkit.train.PatchTrainer.Selection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Judges the states of a training by its criterion and keeps the best. Not thread-safe. */
final class StateJudge {

  private final Validation validation;
  private final @Nullable Selection selection;
  private final List<BoundObjective> heldOut = new ArrayList<>();
  private final LossPass pass;

  StateJudge(
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

  private String criterion() {
    return criterion(selection);
  }

  /** The name of the criterion. */
  static String criterion(@Nullable Selection selection) {
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
   * What a state was measured at.
   *
   * @param loss the weighted held-out loss, finite; 0 where nothing is held out
   * @param score the caller's, finite or not; null where the trainer was given none
   */
  record Measurement(
      Prefix prefix, List<TermProgress> heldOut, double loss, @Nullable Double score) {

    /** Higher is better. */
    double criterion() {
      return score == null ? -loss : score;
    }
  }

  /**
   * Measures the state, which stays as it is.
   *
   * @param lastCheckpoint to go back to where the held-out loss is not finite
   */
  Measurement measure(TrainingState state, @Nullable Path lastCheckpoint) {
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
    return new Measurement(prefix, terms, loss, score);
  }

  /** Judges the state by what it was measured at, and keeps it where it is the best so far. */
  ValidationResult judge(TrainingState state, Measurement found) {
    double criterion = found.criterion();
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
      state.best = new TrainingState.Best(state.step, criterion, found.prefix());
    }
    if (best == null || criterion > state.bar + validation.minImprovement()) {
      state.bar = criterion;
      state.sinceImprovement = 0;
    } else {
      state.sinceImprovement++;
    }
    return new ValidationResult(
        state.step,
        found.heldOut(),
        found.heldOut().isEmpty() ? null : found.loss(),
        found.score(),
        isBest,
        state.sinceImprovement);
  }

  private static int[] everyExample(Term term) {
    int[] all = new int[term.objective().size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = i;
    }
    return all;
  }
}
