package io.patchkit.train;

import io.patchkit.Prefix;
import io.patchkit.train.ReferencePolicy.PairScore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Preference optimisation on a model. The gradient of a pair's loss is ℓ′(h) · (∇ log p(chosen) − ∇
 * log p(rejected)), and h is known only once the log-probabilities are. A pair alone in its call is
 * differentiated first and multiplied by ℓ′(h) after, which saves a run; of several together a
 * forward run finds each one's ℓ′(h) first.
 */
final class PairObjective implements BoundObjective {

  /** Rows in a call from which on a forward run costs less than calls of one pair lose. */
  private static final int TOGETHER_FROM = 16;

  private final Dpo dpo;
  private final DifferentiableModel model;
  private final Prefix start;
  private final int pairsAtOnce;
  private final Map<Integer, PairScore> references = new HashMap<>();

  PairObjective(Dpo dpo, DifferentiableModel model, Prefix start, int microBatch) {
    this.dpo = dpo;
    this.model = model;
    this.start = start;
    boolean alone = dpo.anchor() == 0 && microBatch < TOGETHER_FROM;
    this.pairsAtOnce = alone ? 1 : Math.max(1, microBatch / 2);
  }

  @Override
  public BatchLoss loss(
      Prefix prefix, int[] items, double weight, double @Nullable [] gradientSum) {
    List<Pair> batch = new ArrayList<>(items.length);
    long tokens = 0;
    long chosenTokens = 0;
    for (int item : items) {
      Pair pair = new Pair(item);
      batch.add(pair);
      tokens += pair.tokens();
      chosenTokens += pair.chosen.answerLength();
    }
    double anchor = dpo.anchor() / chosenTokens;
    for (int from = 0; from < batch.size(); from += pairsAtOnce) {
      List<Pair> together = batch.subList(from, Math.min(from + pairsAtOnce, batch.size()));
      if (gradientSum == null) {
        runForward(prefix, together);
      } else if (together.size() == 1 && anchor == 0) {
        differentiateAlone(prefix, together.get(0), weight / items.length, gradientSum);
      } else {
        runForward(prefix, together);
        differentiate(prefix, together, anchor, items.length, weight, gradientSum);
      }
    }
    return summary(batch, anchor, tokens);
  }

  private void runForward(Prefix prefix, List<Pair> together) {
    List<TrainingRow> rows = new ArrayList<>();
    for (Pair pair : together) {
      rows.add(pair.chosen.row(1));
      rows.add(pair.rejected.row(1));
    }
    RowLogProbabilities found = model.logProbabilities(prefix, rows);
    for (int i = 0; i < together.size(); i++) {
      together.get(i).set(found.sum(2 * i), found.sum(2 * i + 1));
    }
  }

  private void differentiate(
      Prefix prefix, List<Pair> together, double anchor, int pairs, double weight, double[] sum) {
    List<TrainingRow> rows = new ArrayList<>();
    for (Pair pair : together) {
      double slope = dpo.loss().slope(dpo.beta(), pair.h()) / pairs;
      rows.add(pair.chosen.row(slope * pair.chosenUnit() - anchor));
      rows.add(pair.rejected.row(-slope * pair.rejectedUnit()));
    }
    model.gradient(prefix, rows).addTo(sum, weight);
  }

  private void differentiateAlone(Prefix prefix, Pair pair, double weight, double[] sum) {
    List<TrainingRow> rows =
        List.of(pair.chosen.row(pair.chosenUnit()), pair.rejected.row(-pair.rejectedUnit()));
    Gradient gradient = model.gradient(prefix, rows);
    pair.set(gradient.logProbabilities().sum(0), gradient.logProbabilities().sum(1));
    gradient.addTo(sum, weight * dpo.loss().slope(dpo.beta(), pair.h()));
  }

  private BatchLoss summary(List<Pair> batch, double anchor, long tokens) {
    double loss = 0;
    double chosen = 0;
    double rejected = 0;
    double right = 0;
    for (Pair pair : batch) {
      loss += dpo.loss().value(dpo.beta(), pair.h()) / batch.size();
      loss -= anchor * pair.chosenLogProbability;
      chosen += dpo.beta() * pair.chosenLogRatio() / batch.size();
      rejected += dpo.beta() * pair.rejectedLogRatio() / batch.size();
      right += pair.h() > 0 ? 1 : 0;
    }
    PreferenceProgress preference =
        new PreferenceProgress(chosen, rejected, chosen - rejected, right / batch.size());
    return new BatchLoss(loss, null, preference, tokens);
  }

  private PairScore reference(int item) {
    if (dpo.reference() instanceof ReferencePolicy.Scored scored) {
      return scored.scores().get(item);
    }
    PairScore known = references.get(item);
    if (known == null) {
      PairTokens pair = dpo.data().get(item);
      // Each pair in a call of its own: the same numbers whenever, and after whatever, it is asked.
      RowLogProbabilities found =
          model.logProbabilities(
              referencePrefix(), List.of(pair.chosen().row(1), pair.rejected().row(1)));
      known = new PairScore(found.sum(0), found.sum(1));
      references.put(item, known);
    }
    return known;
  }

  private @Nullable Prefix referencePrefix() {
    if (dpo.reference() instanceof ReferencePolicy.Patched patched) {
      return patched.prefix();
    }
    return dpo.reference() instanceof ReferencePolicy.Start ? start : null;
  }

  /** One pair of a batch, and what the model was found to think of it. */
  private final class Pair {

    private final AnswerTokens chosen;
    private final AnswerTokens rejected;
    private final PairScore reference;
    private double chosenLogProbability = Double.NaN;
    private double rejectedLogProbability = Double.NaN;

    Pair(int item) {
      this.chosen = dpo.data().get(item).chosen();
      this.rejected = dpo.data().get(item).rejected();
      this.reference = reference(item);
    }

    void set(double chosenLogProbability, double rejectedLogProbability) {
      this.chosenLogProbability = chosenLogProbability;
      this.rejectedLogProbability = rejectedLogProbability;
    }

    /** By what the chosen answer's log-probability is multiplied before it counts. */
    double chosenUnit() {
      return dpo.loss().isPerToken() ? 1.0 / chosen.answerLength() : 1;
    }

    double rejectedUnit() {
      return dpo.loss().isPerToken() ? 1.0 / rejected.answerLength() : 1;
    }

    double chosenLogRatio() {
      return (chosenLogProbability - reference.chosen()) * chosenUnit();
    }

    double rejectedLogRatio() {
      return (rejectedLogProbability - reference.rejected()) * rejectedUnit();
    }

    double h() {
      return chosenLogRatio() - rejectedLogRatio();
    }

    long tokens() {
      return (long) chosen.tokens().length + rejected.tokens().length;
    }
  }
}
