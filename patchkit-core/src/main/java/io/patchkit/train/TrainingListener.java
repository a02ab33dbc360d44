package io.patchkit.train;

/**
 * Watches a training. Called on the training's own thread, so what a listener does adds to the
 * time; an exception that it throws ends the training.
 */
public interface TrainingListener {

  /**
   * The training starts.
   *
   * @param firstStep 0, or where a resumed training goes on: steps from here on are reported anew
   */
  default void onStart(TrainingPlan plan, int firstStep) {}

  /** A step was made. */
  default void onStep(TrainingProgress progress) {}

  /** A state was judged. */
  default void onValidation(ValidationResult result) {}

  /** Something looks wrong. */
  default void onWarning(TrainingWarning warning) {}

  /**
   * The training has ended with a result. All listeners are told, whatever one of them throws here;
   * {@link PatchTrainer#train} then throws the first failure in place of returning the result, of
   * which {@link #onFailure} is not told. Where there are checkpoints the last state is in one:
   * training again gives the result without another step.
   */
  default void onFinish(TrainedPatch trained) {}

  /**
   * The training has ended without a result: it was interrupted ({@link
   * TrainingInterruptedException}), it diverged ({@link TrainingDivergedException}), or the model,
   * the score, a listener or the checkpoints failed, be it for want of memory; {@link #onStart} of
   * this listener may not have been called. A plan that does not fit the model is refused before,
   * and nobody told. All listeners are told, whatever one of them throws here, which is added to
   * the cause.
   *
   * @param cause what {@link PatchTrainer#train} throws
   */
  default void onFailure(Throwable cause) {}
}
