package io.patchkit.evaluate;

import io.patchkit.evaluate.Metric.Unit;

/**
 * One demand of a release gate on one metric. It holds for every figure of that name, those of
 * named suites included: {@code harmless questions: over-refusal rate} is an {@code over-refusal
 * rate}. A limit is met by what exceeds it by rounding alone, up to 1e-9.
 *
 * <p>Of a figure that is best in the middle ({@link Metric.Direction#BALANCED}) only {@link Within}
 * tells better from worse, so that a gate fails every other rule on it.
 */
public sealed interface Rule {

  /** Name of the metric. */
  String metric();

  /** What is demanded, as a sentence. */
  String demand(Unit unit);

  /** Whether a variant's figure meets it, given the baseline's. */
  boolean isMet(Figure.Cell cell, Estimate baseline);

  /**
   * Below the baseline by a share of it at least, clearly: the interval of the difference excludes
   * 0 and, of a share of items, McNemar's exact test has p < 0.05. The interval alone goes by the
   * normal distribution, which is too sure where few items differ. A report that does not count
   * them is judged by the interval.
   *
   * <p>A gate fails it on a baseline below 0, of which a share says nothing.
   *
   * @param share in (0, 1]; 0.5 demands half the baseline's value
   */
  record ReducesBy(String metric, double share) implements Rule {

    private static final double SIGNIFICANT = 0.05;

    public ReducesBy {
      if (!(share > 0 && share <= 1)) {
        throw new IllegalArgumentException("share is " + share + "; allowed: in (0, 1]");
      }
    }

    @Override
    public String demand(Unit unit) {
      return "below the baseline by "
          + FigureText.value(share, Unit.SHARE)
          + " of it or more, with an interval that excludes 0"
          + (unit == Unit.SHARE ? " and, of items, p < " + SIGNIFICANT + " by McNemar's test" : "");
    }

    @Override
    public boolean isMet(Figure.Cell cell, Estimate baseline) {
      Estimate difference = cell.difference();
      DiscordantPairs discordant = cell.discordant();
      return difference != null
          && difference.high() < 0
          && (discordant == null || discordant.exactP() < SIGNIFICANT)
          && isWithin(cell.value().value(), baseline.value() * (1 - share));
    }
  }

  /**
   * Above the baseline by no more than so much, in the metric's own unit.
   *
   * @param most ≥ 0; 0.02 is two percentage points of a share
   */
  record RaisesAtMost(String metric, double most) implements Rule {

    public RaisesAtMost {
      requireNotNegative(most);
    }

    @Override
    public String demand(Unit unit) {
      return "above the baseline by at most " + amount(most, unit);
    }

    @Override
    public boolean isMet(Figure.Cell cell, Estimate baseline) {
      Estimate difference = cell.difference();
      return difference != null && isWithin(difference.value(), most);
    }
  }

  /**
   * Below the baseline by no more than so much, in the metric's own unit.
   *
   * @param most ≥ 0; 0.01 is one percentage point of a share
   */
  record DropsAtMost(String metric, double most) implements Rule {

    public DropsAtMost {
      requireNotNegative(most);
    }

    @Override
    public String demand(Unit unit) {
      return "below the baseline by at most " + amount(most, unit);
    }

    @Override
    public boolean isMet(Figure.Cell cell, Estimate baseline) {
      Estimate difference = cell.difference();
      return difference != null && isWithin(-difference.value(), most);
    }
  }

  /**
   * Above the baseline by no more than a share of it. A gate fails it on a baseline below 0.
   *
   * @param share ≥ 0; 0.1 allows ten percent more
   */
  record GrowsAtMost(String metric, double share) implements Rule {

    public GrowsAtMost {
      requireNotNegative(share);
    }

    @Override
    public String demand(Unit unit) {
      return "above the baseline by at most " + FigureText.value(share, Unit.SHARE) + " of it";
    }

    @Override
    public boolean isMet(Figure.Cell cell, Estimate baseline) {
      return isWithin(cell.value().value(), baseline.value() * (1 + share));
    }
  }

  /** No higher than so much, whatever the baseline has. */
  record AtMost(String metric, double most) implements Rule {

    @Override
    public String demand(Unit unit) {
      return "at most " + FigureText.value(most, unit);
    }

    @Override
    public boolean isMet(Figure.Cell cell, Estimate baseline) {
      return isWithin(cell.value().value(), most);
    }
  }

  /**
   * No further than so much from a centre, to either side, whatever the baseline has: the rule for
   * a figure that is best in the middle, as the WinoBias gap at 0 and StereoSet's stereotype score
   * at one half. A bias that is turned round fails it.
   *
   * @param centre the best value
   * @param distance ≥ 0; 0.1 is ten percentage points of a share
   */
  record Within(String metric, double centre, double distance) implements Rule {

    public Within {
      if (!Double.isFinite(centre)) {
        throw new IllegalArgumentException("centre is " + centre + "; allowed: a finite number");
      }
      requireNotNegative(distance);
    }

    @Override
    public String demand(Unit unit) {
      return "at most " + amount(distance, unit) + " from " + FigureText.value(centre, unit);
    }

    @Override
    public boolean isMet(Figure.Cell cell, Estimate baseline) {
      return isWithin(Math.abs(cell.value().value() - centre), distance);
    }
  }

  /** In binary, 5/100 − 3/100 is more than 0.02, and 3/100 − 1/100 is not. */
  private static boolean isWithin(double value, double limit) {
    return value <= limit + 1e-9;
  }

  private static void requireNotNegative(double value) {
    if (!(value >= 0)) {
      throw new IllegalArgumentException("the limit is " + value + "; allowed: at least 0");
    }
  }

  private static String amount(double value, Unit unit) {
    return unit == Unit.SHARE
        ? FigureText.number(100 * value, 1) + " points"
        : FigureText.value(value, unit);
  }
}
