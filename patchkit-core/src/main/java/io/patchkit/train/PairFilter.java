package io.patchkit.train;

/**
 * Which pairs teach something, after the paper's equations 4 and 5 (arXiv 2511.08484): the winner
 * must be good in itself, and clearly better than the loser. With s the caller's score of an
 * answer, higher is better, a pair is kept if
 *
 * <pre>s(chosen) ≥ minChosen  and  s(chosen) − s(rejected) ≥ minMargin</pre>
 *
 * @param minChosen τ; minus infinity for none
 * @param minMargin m; minus infinity for none
 */
public record PairFilter(double minChosen, double minMargin) {

  private static final PairFilter NONE =
      new PairFilter(Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY);

  public PairFilter {
    if (Double.isNaN(minChosen) || Double.isNaN(minMargin)) {
      throw new IllegalArgumentException(
          "minChosen is " + minChosen + ", minMargin " + minMargin + "; allowed: numbers");
    }
  }

  /** Keeps every pair, unscored. */
  public static PairFilter none() {
    return NONE;
  }

  /** What becomes of a candidate. */
  enum Verdict {
    KEPT,
    /** Chosen and rejected are the same text. */
    IDENTICAL,
    /** The winner is not good enough. */
    CHOSEN_TOO_LOW,
    /** The winner is not better enough. */
    MARGIN_TOO_LOW,
    /** There is no answer to the prompt, and will be none. */
    UNANSWERED
  }

  /** What becomes of a pair with these scores; of both reasons against it, the first is said. */
  Verdict verdict(double chosen, double rejected) {
    if (!(chosen >= minChosen)) {
      return Verdict.CHOSEN_TOO_LOW;
    }
    return chosen - rejected >= minMargin ? Verdict.KEPT : Verdict.MARGIN_TOO_LOW;
  }
}
