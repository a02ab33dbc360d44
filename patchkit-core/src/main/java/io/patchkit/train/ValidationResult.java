package io.patchkit.train;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a state of the training was judged.
 *
 * @param step number of updates that the state has had
 * @param heldOut one for each held-out term, in the plan's order
 * @param loss Σ weight · loss over the held-out terms; null where there are none
 * @param score that the caller gave the state, higher is better; null where the trainer has none
 * @param isBest whether no earlier state was as good
 * @param sinceImprovement judgements in a row without improvement, this one included
 */
public record ValidationResult(
    int step,
    List<TermProgress> heldOut,
    @Nullable Double loss,
    @Nullable Double score,
    boolean isBest,
    int sinceImprovement) {

  public ValidationResult {
    heldOut = List.copyOf(heldOut);
  }
}
