package io.patchkit.train;

import java.util.Arrays;
import java.util.List;

/**
 * How a pair goes through the model. Answers that differ in their last token only are one row: both
 * tokens are targets at the position where they part, and everything before is computed once. Other
 * pairs are two rows, chosen and rejected. Immutable.
 */
final class PairRows {

  /** The log-probabilities of both answers, summed over their tokens; finite or not. */
  record Sums(double chosen, double rejected) {}

  private final PairTokens pair;
  private final boolean isOneRow;

  PairRows(PairTokens pair) {
    this.pair = pair;
    int length = pair.chosen().answerLength();
    this.isOneRow =
        length == pair.rejected().answerLength()
            && Arrays.mismatch(pair.chosen().answer(), pair.rejected().answer()) == length - 1;
  }

  /** One or two. */
  int count() {
    return isOneRow ? 1 : 2;
  }

  /** Number of tokens in all rows. */
  long tokens() {
    long chosen = pair.chosen().tokens().length;
    return isOneRow ? chosen : chosen + pair.rejected().tokens().length;
  }

  /**
   * The rows.
   *
   * @param chosen what each token of the chosen answer weighs
   * @param rejected what each token of the rejected answer weighs
   */
  List<TrainingRow> rows(double chosen, double rejected) {
    if (!isOneRow) {
      return List.of(pair.chosen().row(chosen), pair.rejected().row(rejected));
    }
    int[] answer = pair.chosen().answer();
    int parting = answer.length - 1;
    int[] ids = Arrays.copyOf(answer, answer.length + 1);
    ids[answer.length] = pair.rejected().answer()[parting];
    int[] positions = new int[ids.length];
    double[] weights = new double[ids.length];
    for (int i = 0; i < ids.length; i++) {
      positions[i] = pair.chosen().firstPosition() + Math.min(i, parting);
      weights[i] = i < parting ? chosen + rejected : i == parting ? chosen : rejected;
    }
    return List.of(TrainingRow.of(pair.chosen().tokens(), positions, ids, weights));
  }

  /**
   * Both answers' log-probabilities.
   *
   * @param rows the log-probabilities of the rows' targets, one array a row
   */
  Sums sums(List<double[]> rows) {
    double[] first = rows.get(0);
    if (!isOneRow) {
      return new Sums(sum(first, first.length), sum(rows.get(1), rows.get(1).length));
    }
    double alike = sum(first, first.length - 2);
    return new Sums(alike + first[first.length - 2], alike + first[first.length - 1]);
  }

  private static double sum(double[] numbers, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += numbers[i];
    }
    return sum;
  }
}
