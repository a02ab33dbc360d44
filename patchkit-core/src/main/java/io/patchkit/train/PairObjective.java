package io.patchkit.train;

import io.patchkit.Prefix;
import io.patchkit.train.ReferencePolicy.PairScore;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Preference optimisation on a model. The gradient of a pair's loss is ℓ′(h) · (∇ log p(chosen) − ∇
 * log p(rejected)), and h is known only once the log-probabilities are.
 */
final class PairObjective implements BoundObjective {

  private final Dpo dpo;
  private final PairReferences references;

  PairObjective(Dpo dpo, DifferentiableModel model, Prefix start, IntFunction<int[]> group) {
    this.dpo = dpo;
    this.references = new PairReferences(dpo, model, start, group);
  }

  @Override
  public BoundBatch batch(int[] items) {
    List<Pair> pairs = new ArrayList<>(items.length);
    for (int item : items) {
      pairs.add(new Pair(dpo.data().get(item), references.of(item)));
    }
    return new PairBatch(pairs);
  }

  private final class PairBatch implements BoundBatch {

    private final List<Pair> pairs;
    private final List<TrainingRow> rows;
    private final double anchor;

    PairBatch(List<Pair> pairs) {
      this.pairs = pairs;
      long chosenTokens = 0;
      for (Pair pair : pairs) {
        chosenTokens += pair.tokens.chosen().answerLength();
      }
      this.anchor = dpo.anchor() / chosenTokens;
      this.rows = pairs.stream().flatMap(pair -> pair.rows.rows(1, 1).stream()).toList();
    }

    @Override
    public List<TrainingRow> rows() {
      return rows;
    }

    @Override
    public boolean isLinear() {
      return false;
    }

    @Override
    public List<TrainingRow> weighted(List<double[]> logProbabilities) {
      List<TrainingRow> rows = new ArrayList<>();
      for (Margin margin : margins(logProbabilities)) {
        // A margin that is not finite has no slope; the loss is not finite then, and says so.
        double slope =
            Double.isFinite(margin.h())
                ? dpo.loss().slope(dpo.beta(), margin.h()) / pairs.size()
                : 0;
        Pair pair = margin.pair;
        rows.addAll(
            pair.rows.rows(slope * pair.chosenUnit() - anchor, -slope * pair.rejectedUnit()));
      }
      return rows;
    }

    @Override
    public BatchLoss loss(List<double[]> logProbabilities) {
      double loss = 0;
      double chosen = 0;
      double rejected = 0;
      double right = 0;
      long tokens = 0;
      for (Margin margin : margins(logProbabilities)) {
        loss += dpo.loss().value(dpo.beta(), margin.h()) / pairs.size();
        loss -= anchor * margin.chosenLogProbability;
        chosen += dpo.beta() * margin.chosenLogRatio / pairs.size();
        rejected += dpo.beta() * margin.rejectedLogRatio / pairs.size();
        right += margin.h() > 0 ? 1 : 0;
        tokens += margin.pair.rows.tokens();
      }
      PreferenceProgress preference =
          new PreferenceProgress(chosen, rejected, chosen - rejected, right / pairs.size());
      return new BatchLoss(loss, null, preference, tokens);
    }

    private List<Margin> margins(List<double[]> logProbabilities) {
      List<Margin> margins = new ArrayList<>();
      int next = 0;
      for (Pair pair : pairs) {
        int end = next + pair.rows.count();
        margins.add(pair.margin(pair.rows.sums(logProbabilities.subList(next, end))));
        next = end;
      }
      return margins;
    }
  }

  /** One pair, and what the reference policy thinks of it. */
  private final class Pair {

    private final PairTokens tokens;
    private final PairRows rows;
    private final PairScore reference;

    Pair(PairTokens tokens, PairScore reference) {
      this.tokens = tokens;
      this.rows = new PairRows(tokens);
      this.reference = reference;
    }

    /** By what the chosen answer's log-probability is multiplied before it counts. */
    double chosenUnit() {
      return dpo.loss().isPerToken() ? 1.0 / tokens.chosen().answerLength() : 1;
    }

    double rejectedUnit() {
      return dpo.loss().isPerToken() ? 1.0 / tokens.rejected().answerLength() : 1;
    }

    Margin margin(PairRows.Sums found) {
      return new Margin(
          this,
          found.chosen(),
          (found.chosen() - reference.chosen()) * chosenUnit(),
          (found.rejected() - reference.rejected()) * rejectedUnit());
    }
  }

  /** By how much the model favours the chosen answer of a pair more than the reference does. */
  private record Margin(
      Pair pair, double chosenLogProbability, double chosenLogRatio, double rejectedLogRatio) {

    double h() {
      return chosenLogRatio - rejectedLogRatio;
    }
  }
}
