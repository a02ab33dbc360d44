package io.patchkit.train;

import io.patchkit.PatchkitException;

/**
 * The thread that trained was interrupted. The training stopped between two steps and, where it has
 * a folder for checkpoints, wrote one: the same call goes on from there.
 */
public final class TrainingInterruptedException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  private final int step;

  TrainingInterruptedException(int step, boolean saved) {
    super(
        "interrupted before step "
            + step
            + (saved
                ? "; train again with the same plan and folder to go on from here"
                : "; nothing was saved, for the trainer has no folder for checkpoints"));
    this.step = step;
  }

  /** Number of steps that were made. */
  public int step() {
    return step;
  }
}
