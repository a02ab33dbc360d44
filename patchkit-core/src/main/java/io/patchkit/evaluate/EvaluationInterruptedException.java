package io.patchkit.evaluate;

import io.patchkit.PatchkitException;

/**
 * The thread that measured was interrupted, and still is. No text that was cut short is judged or
 * kept. Where the evaluation has a folder for results ({@link Evaluation#withResults}), the batches
 * before are in it: the same call goes on from there.
 */
public final class EvaluationInterruptedException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  /**
   * @param when what was going on
   */
  EvaluationInterruptedException(String when) {
    super(
        "interrupted "
            + when
            + "; run the evaluation again: with a folder for results (withResults) it goes on where"
            + " it was");
  }
}
