package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.Prefix;
import io.patchkit.train.ReferencePolicy.PairScore;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BoundObjectiveTest {

  private static final int[] BATCH = {3, 0, 4, 1};

  private final TinyModel model = new TinyModel(3);
  private final Prefix start = random(Parametrisation.SOFT_PROMPT, 1);
  private final Prefix prefix = random(Parametrisation.SOFT_PROMPT, 2);

  private Prefix random(Parametrisation parametrisation, long seed) {
    return new Initialisation.RandomNormal(parametrisation, 3, 0.6).prefix(model, seed);
  }

  static Stream<Objective> objectives() {
    TinyModel model = new TinyModel(3);
    List<AnswerTokens> answers = TinyData.refusals(model);
    List<SoftTargets> soft = new ArrayList<>();
    for (AnswerTokens answer : answers) {
      soft.add(SoftTargets.of(new TinyModel(11), null, answer, 4));
    }
    Dpo dpo = Dpo.of(TinyData.pairs(model)).withBeta(0.7);
    Dpo partings = Dpo.of(TinyData.partings(model)).withBeta(0.7);
    return Stream.of(
        Sft.of(answers),
        Sft.of(answers).withFirstTokenWeight(5),
        new Distillation(soft),
        new Counterfactual(answers, 3),
        new Counterfactual(answers, Counterfactual.WHOLE_VOCABULARY),
        dpo,
        dpo.withReference(new ReferencePolicy.Base()).withLoss(new PreferenceLoss.Sigmoid(0.2)),
        dpo.withReference(new ReferencePolicy.None()).withAnchor(0.2),
        dpo.withLoss(new PreferenceLoss.Ipo()),
        dpo.withLoss(new PreferenceLoss.Hinge()).withBeta(0.05),
        dpo.withAnchor(0.3),
        partings,
        partings.withAnchor(0.3).withReference(new ReferencePolicy.Base()),
        partings.withLoss(new PreferenceLoss.Hinge()).withBeta(0.05),
        dpo.withLoss(new PreferenceLoss.Ipo()).withAnchor(2));
  }

  @ParameterizedTest
  @MethodSource("objectives")
  void gradientsAreThoseOfFiniteDifferences(Objective objective) {
    for (Parametrisation parametrisation : Parametrisation.values()) {
      Prefix begin = random(parametrisation, 1);
      Prefix at = random(parametrisation, 2);
      SoleObjective bound = SoleObjective.bind(objective, model, begin, 4);
      double[] gradient = new double[TrainingState.numbers(at).length];
      bound.loss(at, BATCH, 2, gradient);
      FiniteDifferences.assertGradient(at, gradient, p -> 2 * bound.loss(p, BATCH, 1, null).loss());
    }
  }

  @ParameterizedTest
  @MethodSource("objectives")
  void theMicroBatchChangesNothing(Objective objective) {
    BatchLoss whole = null;
    double[] wholeGradient = {};
    for (int microBatch : new int[] {100, 1, 2, 3, 4}) {
      SoleObjective bound = SoleObjective.bind(objective, model, start, microBatch);
      double[] gradient = new double[TrainingState.numbers(prefix).length];
      BatchLoss loss = bound.loss(prefix, BATCH, 1, gradient);
      if (whole == null) {
        whole = loss;
        wholeGradient = gradient;
      }
      assertThat(loss.loss()).isCloseTo(whole.loss(), within(1e-12));
      assertThat(loss.tokens()).isEqualTo(whole.tokens());
      assertThat(gradient).containsExactly(wholeGradient, within(1e-6));
      assertThat(bound.loss(prefix, BATCH, 1, null).loss())
          .as("forward only")
          .isCloseTo(whole.loss(), within(1e-12));
    }
  }

  @ParameterizedTest
  @MethodSource("objectives")
  void aBatchMakesItsRowsOnce(Objective objective) {
    BoundBatch batch = BoundObjective.bind(objective, model, start, 4).batch(BATCH);
    assertThat(batch.rows()).isNotEmpty().isSameAs(batch.rows());
  }

  @Test
  void sftIsTheCrossEntropyOfATokenOverTheWholeBatch() {
    AnswerTokens one = AnswerTokens.of(new int[] {7, 0}, new int[] {1, 0, 3, 9});
    AnswerTokens two = AnswerTokens.of(new int[] {7}, new int[] {9});
    double[] p = logProbabilities(one);
    double[] q = logProbabilities(two);
    assertThat(loss(Sft.of(List.of(one, two)), 0, 1).loss())
        .isCloseTo(-(p[0] + p[1] + p[2] + p[3] + q[0]) / 5, within(1e-12));
    assertThat(loss(new Sft(List.of(one, two), 3), 0, 1).loss())
        .isCloseTo(-(3 * p[0] + p[1] + p[2] + p[3] + 3 * q[0]) / 9, within(1e-12));
    assertThat(loss(Sft.of(List.of(one, two)), 0, 1).tokens()).isEqualTo(8);
  }

  @Test
  void distillationIsTheCrossEntropyAndReportsTheDivergence() {
    AnswerTokens answer = AnswerTokens.of(new int[] {7, 0}, new int[] {1, 9});
    SoftTargets targets =
        SoftTargets.of(
            answer,
            List.of(new int[] {1, 4}, new int[] {9}),
            List.of(new double[] {0.75, 0.25}, new double[] {1}));
    TrainingRow asked =
        TrainingRow.of(
            answer.tokens(), new int[] {2, 2, 3}, new int[] {1, 4, 9}, new double[] {1, 1, 1});
    double[] p = model.logProbabilities(prefix, List.of(asked)).row(0);
    BatchLoss found = loss(new Distillation(List.of(targets)), 0);
    double crossEntropy = -(0.75 * p[0] + 0.25 * p[1] + p[2]) / 2;
    double entropy = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25)) / 2;
    assertThat(found.loss()).isCloseTo(crossEntropy, within(1e-12));
    assertThat(Objects.requireNonNull(found.kl())).isCloseTo(crossEntropy - entropy, within(1e-12));
  }

  /** Half on one token against a quarter: ½ log 4 + ½ log 4/3 = 0.83699, less log 2. */
  @Test
  void distillationCountsAllOtherTokensAsOneOutcome() {
    TinyModel known =
        new TinyModel(3) {
          @Override
          public RowLogProbabilities logProbabilities(
              @Nullable Prefix prefix, List<TrainingRow> rows) {
            TrainingRow row = rows.get(0);
            return RowLogProbabilities.of(
                List.of(
                    IntStream.range(0, row.targets())
                        .mapToDouble(i -> Math.log(row.id(i) == TrainingRow.REST ? 0.75 : 0.25))
                        .toArray()));
          }
        };
    SoftTargets targets =
        SoftTargets.of(
            AnswerTokens.of(new int[] {7, 0}, new int[] {1}),
            List.of(new int[] {1}),
            List.of(new double[] {0.5}));
    BatchLoss found =
        SoleObjective.bind(new Distillation(List.of(targets)), known, prefix, 1)
            .loss(prefix, new int[] {0}, 1, null);
    assertThat(found.loss()).isCloseTo(0.836988, within(1e-6));
    assertThat(Objects.requireNonNull(found.kl())).isCloseTo(0.143841, within(1e-6));
  }

  @Test
  void distillationLeavesItsTeacherAsItIs() {
    for (int k : new int[] {1, 4, TinyModel.VOCABULARY}) {
      List<SoftTargets> targets = SoftTargets.of(model, prefix, TinyData.benign(model), k);
      double[] gradient = new double[TrainingState.numbers(prefix).length];
      BatchLoss found =
          SoleObjective.bind(new Distillation(targets), model, prefix, 4)
              .loss(prefix, BATCH, 1, gradient);
      assertThat(Objects.requireNonNull(found.kl())).as("k %d", k).isCloseTo(0, within(1e-6));
      for (double slope : gradient) {
        assertThat(slope).as("k %d", k).isCloseTo(0, within(1e-6));
      }
    }
  }

  @Test
  void counterfactualIsTheDivergenceFromTheBase() {
    AnswerTokens answer = AnswerTokens.of(new int[] {2, 0}, new int[] {1, 9});
    double expected = 0;
    TopLogProbabilities base = model.topLogProbabilities(null, answer.tokens(), 2, 10);
    TopLogProbabilities patched = model.topLogProbabilities(prefix, answer.tokens(), 2, 10);
    for (int position = 0; position < 2; position++) {
      int[] ids = patched.ids(position);
      double[] q = new double[10];
      for (int i = 0; i < 10; i++) {
        q[ids[i]] = patched.logProbabilities(position)[i];
      }
      double[] p = base.logProbabilities(position);
      for (int i = 0; i < 10; i++) {
        expected += Math.exp(p[i]) * (p[i] - q[base.ids(position)[i]]) / 2;
      }
    }
    BatchLoss whole = loss(new Counterfactual(List.of(answer), Counterfactual.WHOLE_VOCABULARY), 0);
    assertThat(whole.loss()).isPositive().isCloseTo(expected, within(1e-12));
    assertThat(Objects.requireNonNull(whole.kl())).isEqualTo(whole.loss());
    // With nine of ten, the rest is the tenth.
    assertThat(loss(new Counterfactual(List.of(answer), 9), 0).loss())
        .isCloseTo(expected, within(1e-6));
    // Outcomes that are put together tell less apart.
    assertThat(loss(new Counterfactual(List.of(answer), 3), 0).loss())
        .isPositive()
        .isLessThan(expected);
  }

  @Test
  void counterfactualLeavesTheBaseAsItIs() {
    TinyModel unchanged =
        new TinyModel(3) {
          @Override
          public List<TopLogProbabilities> topLogProbabilities(
              @Nullable Prefix base, List<AnswerTokens> rows, int k) {
            return super.topLogProbabilities(base == null ? prefix : base, rows, k);
          }
        };
    for (int k : new int[] {1, 4, Counterfactual.WHOLE_VOCABULARY}) {
      Counterfactual quiet = new Counterfactual(TinyData.benign(unchanged), k);
      double[] gradient = new double[TrainingState.numbers(prefix).length];
      BatchLoss found =
          SoleObjective.bind(quiet, unchanged, prefix, 4).loss(prefix, BATCH, 1, gradient);
      assertThat(found.loss()).isCloseTo(0, within(1e-6));
      for (double slope : gradient) {
        assertThat(slope).isCloseTo(0, within(1e-6));
      }
    }
  }

  @Test
  void aPairThatDiffersInItsLastTokensAloneIsOneRow() {
    PairTokens pair = PairTokens.of(new int[] {7, 0}, new int[] {1, 9, 4}, new int[] {1, 9, 6});
    Dpo dpo =
        Dpo.of(List.of(pair))
            .withBeta(0.5)
            .withReference(new ReferencePolicy.Scored(List.of(new PairScore(-3, -4))));
    double chosen = 0.5 * (sum(logProbabilities(pair.chosen())) + 3);
    double rejected = 0.5 * (sum(logProbabilities(pair.rejected())) + 4);
    BatchLoss found = loss(dpo, 0);
    PreferenceProgress preference = Objects.requireNonNull(found.preference());
    assertThat(preference.rewardChosen()).isCloseTo(chosen, within(1e-12));
    assertThat(preference.rewardRejected()).isCloseTo(rejected, within(1e-12));
    assertThat(found.tokens()).isEqualTo(5);
  }

  @Test
  void dpoStartsAtLogTwoWithoutMargin() {
    Dpo dpo = Dpo.of(TinyData.pairs(model));
    SoleObjective bound = SoleObjective.bind(dpo, model, prefix, 8);
    BatchLoss found = bound.loss(prefix, BATCH, 1, null);
    assertThat(found.loss()).isCloseTo(Math.log(2), within(1e-12));
    PreferenceProgress preference = Objects.requireNonNull(found.preference());
    assertThat(preference).isEqualTo(new PreferenceProgress(0, 0, 0, 0));
  }

  @Test
  void dpoRewardsAreBetaTimesTheSummedLogRatios() {
    List<PairTokens> pairs = TinyData.pairs(model).subList(0, 2);
    List<PairScore> scores = List.of(new PairScore(-30, -7), new PairScore(-2, -100));
    double[] c = new double[2];
    double[] r = new double[2];
    for (int i = 0; i < 2; i++) {
      c[i] = 0.5 * (sum(logProbabilities(pairs.get(i).chosen())) - scores.get(i).chosen());
      r[i] = 0.5 * (sum(logProbabilities(pairs.get(i).rejected())) - scores.get(i).rejected());
    }
    Dpo dpo = Dpo.of(pairs).withBeta(0.5).withReference(new ReferencePolicy.Scored(scores));
    BatchLoss found = loss(dpo, 0, 1);
    PreferenceProgress preference = Objects.requireNonNull(found.preference());
    assertThat(preference.rewardChosen()).isCloseTo((c[0] + c[1]) / 2, within(1e-12));
    assertThat(preference.rewardRejected()).isCloseTo((r[0] + r[1]) / 2, within(1e-12));
    assertThat(preference.margin()).isCloseTo((c[0] + c[1] - r[0] - r[1]) / 2, within(1e-12));
    assertThat(preference.accuracy())
        .isEqualTo(IntStream.range(0, 2).filter(i -> c[i] > r[i]).count() / 2.0)
        .isEqualTo(0.5);
    double expected = 0;
    for (int i = 0; i < 2; i++) {
      expected += Math.log(1 + Math.exp(r[i] - c[i])) / 2;
    }
    assertThat(found.loss()).isCloseTo(expected, within(1e-12));
    int tokens = pairs.get(0).chosen().answerLength() + pairs.get(1).chosen().answerLength();
    double nll =
        -(sum(logProbabilities(pairs.get(0).chosen()))
                + sum(logProbabilities(pairs.get(1).chosen())))
            / tokens;
    assertThat(loss(dpo.withAnchor(2), 0, 1).loss()).isCloseTo(expected + 2 * nll, within(1e-12));
  }

  @Test
  void ipoCountsLogProbabilitiesPerToken() {
    PairTokens pair = PairTokens.of(new int[] {7, 0}, new int[] {1, 9}, new int[] {5, 0, 4, 6, 9});
    double h =
        (sum(logProbabilities(pair.chosen())) + 4) / 2
            - (sum(logProbabilities(pair.rejected())) + 10) / 5;
    Dpo dpo =
        Dpo.of(List.of(pair))
            .withBeta(0.25)
            .withLoss(new PreferenceLoss.Ipo())
            .withReference(new ReferencePolicy.Scored(List.of(new PairScore(-4, -10))));
    assertThat(loss(dpo, 0).loss()).isCloseTo((h - 2) * (h - 2), within(1e-12));
    assertThat(Objects.requireNonNull(loss(dpo, 0).preference()).margin())
        .isCloseTo(0.25 * h, within(1e-12));
  }

  @Test
  void referencesOfAGivenPrefixAreThatPrefixs() {
    Dpo dpo = Dpo.of(TinyData.pairs(model));
    SoleObjective byStart = SoleObjective.bind(dpo, model, start, 8);
    SoleObjective byGiven =
        SoleObjective.bind(dpo.withReference(new ReferencePolicy.Patched(start)), model, prefix, 8);
    assertThat(byGiven.loss(prefix, BATCH, 1, null))
        .isEqualTo(byStart.loss(prefix, BATCH, 1, null));
  }

  @Test
  void withoutAReferenceTheMarginIsTheModelsOwn() {
    PairTokens pair = TinyData.pairs(model).get(0);
    Dpo dpo = Dpo.of(List.of(pair)).withBeta(0.5).withReference(new ReferencePolicy.None());
    double margin =
        0.5 * (sum(logProbabilities(pair.chosen())) - sum(logProbabilities(pair.rejected())));
    assertThat(Objects.requireNonNull(loss(dpo, 0).preference()).margin())
        .isCloseTo(margin, within(1e-12));
    assertThat(loss(dpo, 0).loss()).isCloseTo(Math.log1p(Math.exp(-margin)), within(1e-12));
  }

  private BatchLoss loss(Objective objective, int... items) {
    return SoleObjective.bind(objective, model, start, 2).loss(prefix, items, 1, null);
  }

  private double[] logProbabilities(AnswerTokens answer) {
    return model.logProbabilities(prefix, List.of(answer.row(1))).row(0);
  }

  private static double sum(double[] numbers) {
    double sum = 0;
    for (double number : numbers) {
      sum += number;
    }
    return sum;
  }
}
