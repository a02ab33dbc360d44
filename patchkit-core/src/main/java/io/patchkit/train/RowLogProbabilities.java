package io.patchkit.train;

import java.util.ArrayList;
import java.util.List;

/**
 * The natural logarithms of the probabilities of the targets of some {@linkplain TrainingRow rows},
 * row by row in the order of their targets. Immutable.
 */
public final class RowLogProbabilities {

  private final List<double[]> rows;

  private RowLogProbabilities(List<double[]> rows) {
    this.rows = rows;
  }

  /** These numbers, copied. */
  public static RowLogProbabilities of(List<double[]> rows) {
    List<double[]> copies = new ArrayList<>(rows.size());
    for (double[] row : rows) {
      copies.add(row.clone());
    }
    return new RowLogProbabilities(List.copyOf(copies));
  }

  /** Number of rows. */
  public int size() {
    return rows.size();
  }

  /** A copy of the log-probabilities of one row's targets. */
  public double[] row(int row) {
    return rows.get(row).clone();
  }

  /** The sum over one row's targets: for an answer, the log-probability of all of it. */
  public double sum(int row) {
    double sum = 0;
    for (double logProbability : rows.get(row)) {
      sum += logProbability;
    }
    return sum;
  }
}
