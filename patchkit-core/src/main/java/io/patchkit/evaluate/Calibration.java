package io.patchkit.evaluate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * How well a judge agrees with labels.
 *
 * @param judge which one
 * @param labels where the labelled examples come from
 * @param auc area under the ROC curve: the chance that a positive example scores higher than a
 *     negative one, a tie counting half (Mann and Whitney 1947); NaN if one of them is missing
 * @param threshold at or above which the judge says yes
 * @param accuracy share of examples that it gets right at the threshold, with Wilson's interval
 */
public record Calibration(
    JudgeId judge, String labels, double auc, double threshold, Estimate accuracy) {

  /**
   * An exchange that people labelled.
   *
   * @param positive whether it has what the judge looks for
   */
  public record Labelled(Exchange exchange, boolean positive) {

    public Labelled {
      Objects.requireNonNull(exchange, "exchange");
    }
  }

  public Calibration {
    Objects.requireNonNull(judge, "judge");
    Objects.requireNonNull(labels, "labels");
    Objects.requireNonNull(accuracy, "accuracy");
  }

  /**
   * Measures a judge on labelled examples.
   *
   * @param labels where they come from, for the report
   * @param threshold in (0, 1]
   */
  public static Calibration of(
      Judge judge, String labels, List<Labelled> examples, double threshold) {
    if (!(threshold > 0 && threshold <= 1)) {
      throw new IllegalArgumentException("threshold is " + threshold + "; allowed: in (0, 1]");
    }
    List<Exchange> exchanges = new ArrayList<>();
    for (Labelled example : examples) {
      exchanges.add(example.exchange());
    }
    List<Double> scores = Judge.checkedScores(judge, exchanges);
    int right = 0;
    for (int i = 0; i < examples.size(); i++) {
      right += scores.get(i) >= threshold == examples.get(i).positive() ? 1 : 0;
    }
    return new Calibration(
        judge.id(),
        labels,
        auc(scores, examples),
        threshold,
        Estimate.ofShare(right, examples.size()));
  }

  /** From the sum of the positive examples' ranks, equal scores sharing the mean of theirs. */
  private static double auc(List<Double> scores, List<Labelled> examples) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < scores.size(); i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingDouble(scores::get));
    double rankSum = 0;
    long positives = 0;
    int start = 0;
    while (start < order.size()) {
      int end = start;
      int positivesHere = 0;
      while (end < order.size()
          && Double.compare(scores.get(order.get(end)), scores.get(order.get(start))) == 0) {
        positivesHere += examples.get(order.get(end)).positive() ? 1 : 0;
        end++;
      }
      rankSum += positivesHere * (start + 1 + end) / 2.0;
      positives += positivesHere;
      start = end;
    }
    long negatives = scores.size() - positives;
    return positives == 0 || negatives == 0
        ? Double.NaN
        : (rankSum - positives * (positives + 1) / 2.0) / positives / negatives;
  }
}
