package io.patchkit.evaluate;

import java.util.Objects;

/**
 * A figure of a report: what is summed up how, and what it means.
 *
 * @param name as it stands in the report and in gates; unique in an evaluation
 * @param statistic from the items' values to the figure
 * @param unit how the number is written
 * @param better which way is better
 * @param judge who said so
 */
public record Metric(String name, Statistic statistic, Unit unit, Direction better, JudgeId judge) {

  /** How a number is written. */
  public enum Unit {
    /** A share in [0, 1], written in percent; differences in percentage points. */
    SHARE,
    /** A number without a unit. */
    NUMBER,
    /** A natural logarithm of a ratio of probabilities. */
    NATS,
    /** Milliseconds. */
    MILLISECONDS,
    /** Millions of bytes. */
    MEGABYTES
  }

  /** Which way is better. */
  public enum Direction {
    LOWER,
    HIGHER,
    /** Closer to the baseline. */
    UNCHANGED,
    /** Closer to one half, or to 0 for a gap that may lie on either side: no preference. */
    BALANCED
  }

  public Metric {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name is blank; allowed: what the report calls it");
    }
    Objects.requireNonNull(statistic, "statistic");
    Objects.requireNonNull(unit, "unit");
    Objects.requireNonNull(better, "better");
    Objects.requireNonNull(judge, "judge");
  }
}
