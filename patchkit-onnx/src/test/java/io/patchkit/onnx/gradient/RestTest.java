package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.onnx.DecoderCase;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.Gradient;
import io.patchkit.train.TopLogProbabilities;
import io.patchkit.train.TrainingRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is left of the vocabulary counts as one more target. */
class RestTest {

  private static final List<AnswerTokens> ANSWERS =
      List.of(
          AnswerTokens.of(new int[] {12, 200, 33}, new int[] {8, 91, 17}),
          AnswerTokens.of(new int[] {12, 200, 33, 40}, new int[] {64}));

  static Stream<DecoderCase> cases() {
    return DecoderCase.all();
  }

  private static List<Prefix> prefixes(DifferentiableDecoder model) {
    float[] embeddings = model.embeddings(new int[] {9, 31, 77});
    KeyValuePrefix keyValues = model.keyValues(new int[] {9, 31, 77});
    return List.of(
        keyValues, SoftPrompt.of(embeddings.length / 3, EmbeddingSpace.LAYER_INPUT, embeddings));
  }

  private static DifferentiableDecoder open(DecoderCase decoder) {
    return DifferentiableDecoder.open(decoder.model(), GradientOptions.defaults().withThreads(1));
  }

  /** Σ p log q is largest where q is p: there its gradient is zero. */
  @ParameterizedTest
  @MethodSource("cases")
  void aPrefixIsThePeakOfItsOwnDistribution(DecoderCase decoder) {
    try (DifferentiableDecoder model = open(decoder)) {
      for (Prefix prefix : prefixes(model)) {
        List<TopLogProbabilities> own = model.topLogProbabilities(prefix, ANSWERS, 5);
        List<TrainingRow> whole = rows(own, true);
        Gradient atPeak = model.gradient(prefix, whole);
        double withoutRest = norm(model.gradient(prefix, rows(own, false)).values());
        assertThat(norm(atPeak.values())).isLessThan(1e-4 * withoutRest);
        for (int i = 0; i < whole.size(); i++) {
          double[] found = atPeak.logProbabilities().row(i);
          for (int target = 0; target < found.length; target++) {
            assertThat(Math.exp(found[target]))
                .isCloseTo(whole.get(i).weight(target), Offset.offset(1e-5));
          }
          assertThat(model.logProbabilities(prefix, whole).row(i)).isEqualTo(found);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void itsGradientIsThatOfFiniteDifferences(DecoderCase decoder) {
    List<TrainingRow> rows =
        List.of(
            TrainingRow.of(
                new int[] {12, 200, 33, 8},
                new int[] {2, 2, 2, 3, 4, 4},
                new int[] {33, 7, TrainingRow.REST, 9, 50, TrainingRow.REST},
                new double[] {0.5, -0.2, 0.7, 1, 0.3, -1.5}),
            TrainingRow.of(new int[] {5, 6}, new int[] {1}, new int[] {9}, new double[] {1}));
    try (DifferentiableDecoder model = open(decoder)) {
      for (Prefix prefix : prefixes(model)) {
        assertThat(DirectionalCheck.relativeError(model, prefix, rows, 3)).isLessThan(0.02);
      }
    }
  }

  private static List<TrainingRow> rows(List<TopLogProbabilities> own, boolean withRest) {
    List<TrainingRow> rows = new ArrayList<>();
    for (int i = 0; i < own.size(); i++) {
      TopLogProbabilities top = own.get(i);
      int[] positions = {};
      int[] ids = {};
      double[] weights = {};
      for (int at = 0; at < top.positions(); at++) {
        // Lines of different lengths.
        int[] known = Arrays.copyOf(top.ids(at), at == 1 ? 2 : 5);
        double[] p =
            Arrays.stream(top.logProbabilities(at)).limit(known.length).map(Math::exp).toArray();
        int next = ids.length;
        int count = known.length + (withRest ? 1 : 0);
        positions = Arrays.copyOf(positions, next + count);
        Arrays.fill(positions, next, next + count, ANSWERS.get(i).firstPosition() + at);
        ids = Arrays.copyOf(ids, next + count);
        System.arraycopy(known, 0, ids, next, known.length);
        weights = Arrays.copyOf(weights, next + count);
        System.arraycopy(p, 0, weights, next, p.length);
        if (withRest) {
          ids[ids.length - 1] = TrainingRow.REST;
          weights[ids.length - 1] = 1 - Arrays.stream(p).sum();
        }
      }
      rows.add(TrainingRow.of(ANSWERS.get(i).tokens(), positions, ids, weights));
    }
    return rows;
  }

  private static double norm(float[] values) {
    double square = 0;
    for (float value : values) {
      square += (double) value * value;
    }
    return Math.sqrt(square);
  }
}
