package io.patchkit.train;

/** Ends a training as a crash would: nothing after a step is done. */
record CrashAfter(int step) implements TrainingListener {

  static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @Override
  public void onStep(TrainingProgress progress) {
    if (progress.step() == step) {
      throw new Crash();
    }
  }
}
