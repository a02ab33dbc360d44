package io.patchkit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.EmbeddingSpace;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The model that the other tests train on is itself right. */
class TinyModelTest {

  private final TinyModel model = new TinyModel(7);
  private final List<TrainingRow> rows =
      List.of(
          TrainingRow.of(
              new int[] {1, 4, 2, 8},
              new int[] {1, 2, 2, 4},
              new int[] {4, 2, 7, 9},
              new double[] {1, 0.5, -0.25, 2}),
          TrainingRow.of(new int[] {3, 3}, new int[] {1}, new int[] {0}, new double[] {-1.5}));

  @Test
  void gradientsAreThoseOfFiniteDifferences() {
    for (Parametrisation parametrisation : Parametrisation.values()) {
      Prefix prefix = new Initialisation.RandomNormal(parametrisation, 3, 0.7).prefix(model, 1);
      Gradient gradient = model.gradient(prefix, rows);
      double[] sum = new double[gradient.values().length];
      gradient.addTo(sum, 1);
      FiniteDifferences.assertGradient(
          prefix, sum, p -> objective(model.logProbabilities(p, rows)));
    }
  }

  private double objective(RowLogProbabilities found) {
    double sum = 0;
    for (int i = 0; i < rows.size(); i++) {
      sum += rows.get(i).objective(found.row(i));
    }
    return sum;
  }

  @Test
  void keyValuesOfTokensActAsTheirEmbeddings() {
    int[] tokens = {2, 5, 5};
    Prefix soft =
        SoftPrompt.of(TinyModel.HIDDEN, EmbeddingSpace.LAYER_INPUT, model.embeddings(tokens));
    RowLogProbabilities bySoft = model.logProbabilities(soft, rows);
    RowLogProbabilities byKeyValue = model.logProbabilities(model.keyValues(tokens), rows);
    assertThat(bySoft.row(0)).containsExactly(byKeyValue.row(0), within(1e-6));
    assertThat(bySoft.row(0)[0])
        .isNotCloseTo(model.logProbabilities(null, rows).row(0)[0], within(1e-3));
  }

  @Test
  void likeliestTokensAreInOrderAndAreThoseOfTheTargets() {
    TopLogProbabilities top = model.topLogProbabilities(null, new int[] {1, 4, 2}, 1, 10);
    assertThat(top.positions()).isEqualTo(2);
    double[] logProbabilities = top.logProbabilities(0);
    double sum = 0;
    for (int i = 0; i < 10; i++) {
      sum += Math.exp(logProbabilities[i]);
      assertThat(i == 0 || logProbabilities[i] <= logProbabilities[i - 1]).isTrue();
    }
    assertThat(sum).isCloseTo(1, within(1e-12));
    TrainingRow row =
        TrainingRow.of(
            new int[] {1, 4, 2}, new int[] {1}, new int[] {top.ids(0)[3]}, new double[] {1});
    assertThat(model.logProbabilities(null, List.of(row)).row(0)[0])
        .isCloseTo(logProbabilities[3], within(1e-12));
  }
}
