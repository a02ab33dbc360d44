package io.patchkit.train;

import io.patchkit.PatchkitException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A training whose loss, gradient or prefix is no longer finite. The update that would have spoiled
 * the prefix was not stored.
 */
public final class TrainingDivergedException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  private final int step;
  private final transient @Nullable Path lastCheckpoint;

  TrainingDivergedException(int step, String found, @Nullable Path lastCheckpoint) {
    super(
        "step "
            + step
            + ": expected a finite loss and gradient, found "
            + found
            + "; lower the learning rate, lengthen the warm-up or lower maxGradientNorm, and look at"
            + " this step's examples; "
            + (lastCheckpoint == null
                ? "no checkpoint was written"
                : "the last good state is in " + lastCheckpoint));
    this.step = step;
    this.lastCheckpoint = lastCheckpoint;
  }

  /** The step that could not be made. */
  public int step() {
    return step;
  }

  /** The last good checkpoint, or null where none was written. */
  public @Nullable Path lastCheckpoint() {
    return lastCheckpoint;
  }
}
