package io.patchkit.train;

/**
 * Something that a person should look at.
 *
 * @param kind what it is
 * @param step at which it was seen
 * @param message what was seen and what to do, for people
 */
public record TrainingWarning(Kind kind, int step, String message) {

  /** What is wrong. */
  public enum Kind {
    /** A preference term's margins have stayed at zero: nothing is being learned. */
    MARGINS_STUCK,
    /** The loss or the gradient is not finite; the training ends here. */
    NOT_FINITE,
    /** The loss of a term that shall preserve the model has risen. */
    PRESERVED_LOSS_RISING,
    /** No step improved the criterion: the result is the prefix that the training started from. */
    START_TAKEN
  }
}
