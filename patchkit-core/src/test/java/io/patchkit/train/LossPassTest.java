package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.Prefix;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LossPassTest {

  /** Notes how many rows each call has, a gradient's own forward run aside. */
  private static final class CountingModel extends TinyModel {

    private final List<Integer> forward = new ArrayList<>();
    private final List<Integer> backward = new ArrayList<>();

    CountingModel() {
      super(3);
    }

    @Override
    public RowLogProbabilities logProbabilities(Prefix prefix, List<TrainingRow> rows) {
      forward.add(rows.size());
      return super.logProbabilities(prefix, rows);
    }

    @Override
    public Gradient gradient(Prefix prefix, List<TrainingRow> rows) {
      backward.add(rows.size());
      int before = forward.size();
      Gradient gradient = super.gradient(prefix, rows);
      forward.subList(before, forward.size()).clear();
      return gradient;
    }
  }

  private final CountingModel model = new CountingModel();
  private final Prefix start = random(1);
  private final Prefix prefix = random(2);

  private Prefix random(long seed) {
    return new Initialisation.RandomNormal(Parametrisation.KEY_VALUE, 3, 0.6).prefix(model, seed);
  }

  private List<Objective> objectives() {
    return List.of(
        Sft.of(TinyData.refusals(model)).withFirstTokenWeight(2),
        Dpo.of(TinyData.pairs(model)).withBeta(0.7),
        new Counterfactual(TinyData.benign(model), 4),
        Dpo.of(TinyData.partings(model)).withAnchor(0.2));
  }

  private static final int[][] ITEMS = {{0, 3}, {2, 1, 4}, {1}, {0, 2}};
  private static final double[] WEIGHTS = {1, 0.5, 3, 2};

  private List<BoundBatch> batches() {
    List<BoundBatch> batches = new ArrayList<>();
    for (int i = 0; i < ITEMS.length; i++) {
      batches.add(BoundObjective.bind(objectives().get(i), model, start, 100).batch(ITEMS[i]));
    }
    return batches;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 100})
  void termsTogetherAreWhatTheyAreAlone(int microBatch) {
    double[] sum = new double[TrainingState.numbers(prefix).length];
    List<BatchLoss> together =
        new LossPass(model, microBatch).losses(prefix, batches(), WEIGHTS, sum);
    double[] expected = new double[sum.length];
    for (int i = 0; i < ITEMS.length; i++) {
      BatchLoss alone =
          SoleObjective.bind(objectives().get(i), model, start, 100)
              .loss(prefix, ITEMS[i], WEIGHTS[i], expected);
      assertThat(together.get(i).loss()).isCloseTo(alone.loss(), within(1e-12));
      assertThat(together.get(i).tokens()).isEqualTo(alone.tokens());
      assertThat(together.get(i).preference() == null).isEqualTo(alone.preference() == null);
    }
    assertThat(sum).containsExactly(expected, within(1e-6));
    assertThat(new LossPass(model, microBatch).losses(prefix, batches()))
        .zipSatisfy(
            together,
            (forward, both) -> assertThat(forward.loss()).isCloseTo(both.loss(), within(1e-12)));
  }

  @Test
  void allRowsShareOneCallAndPairsOneMore() {
    List<BoundBatch> batches = batches();
    model.forward.clear();
    new LossPass(model, 100)
        .losses(prefix, batches, WEIGHTS, new double[TrainingState.numbers(prefix).length]);
    // Three pairs of two rows and two of one; with them two refusals and a benign answer.
    assertThat(model.forward).containsExactly(8);
    assertThat(model.backward).containsExactly(11);
  }

  @Test
  void noCallHasMoreRowsThanAllowed() {
    List<BoundBatch> batches = batches();
    model.forward.clear();
    new LossPass(model, 4)
        .losses(prefix, batches, WEIGHTS, new double[TrainingState.numbers(prefix).length]);
    assertThat(model.forward).containsExactly(4, 4);
    assertThat(model.backward).containsExactly(4, 4, 3);
  }
}
