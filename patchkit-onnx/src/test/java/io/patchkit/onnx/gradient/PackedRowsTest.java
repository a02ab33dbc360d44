package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.onnx.DecoderCase;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.Gradient;
import io.patchkit.train.RowLogProbabilities;
import io.patchkit.train.TopLogProbabilities;
import io.patchkit.train.TrainingRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rows that lie in one line are computed as if each stood alone. */
class PackedRowsTest {

  private static final int[] BEGINNING = {12, 200, 33, 8, 91, 17, 64};

  static Stream<DecoderCase> cases() {
    return DecoderCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void rowsWithOneBeginningAreComputedAsIfAlone(DecoderCase decoder) {
    assertComputedAsIfAlone(decoder, List.of(row(3, 2), row(9, 3), row(5, 4), row(1, 5)));
  }

  /** Each fits a context of 128 tokens, all of them together do not. */
  @ParameterizedTest
  @MethodSource("cases")
  void rowsThatTogetherExceedTheContextAreComputedAsIfAlone(DecoderCase decoder) {
    assertComputedAsIfAlone(decoder, List.of(row(95, 2), row(13, 3), row(12, 4), row(14, 5)));
  }

  private static void assertComputedAsIfAlone(DecoderCase decoder, List<TrainingRow> rows) {
    try (DifferentiableDecoder model =
        DifferentiableDecoder.open(decoder.model(), GradientOptions.defaults().withThreads(1))) {
      float[] embeddings = model.embeddings(new int[] {9, 31, 77});
      KeyValuePrefix keyValues = model.keyValues(new int[] {9, 31, 77});
      Prefix soft = SoftPrompt.of(embeddings.length / 3, EmbeddingSpace.LAYER_INPUT, embeddings);
      for (Prefix prefix : List.of(keyValues, soft)) {
        Gradient together = model.gradient(prefix, rows);
        RowLogProbabilities forward = model.logProbabilities(prefix, rows);
        double[] sum = new double[together.values().length];
        for (int i = 0; i < rows.size(); i++) {
          Gradient alone = model.gradient(prefix, rows.subList(i, i + 1));
          double[] expected = alone.logProbabilities().row(0);
          assertThat(together.logProbabilities().row(i))
              .containsExactly(expected, Offset.offset(1e-5));
          assertThat(forward.row(i)).isEqualTo(together.logProbabilities().row(i));
          for (int j = 0; j < sum.length; j++) {
            sum[j] += alone.values()[j];
          }
        }
        assertThat(difference(together.values(), sum)).isLessThan(1e-5);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theirLikeliestTokensAreThoseOfEachAlone(DecoderCase decoder) {
    List<AnswerTokens> rows = List.of(answer(1, 2, 3), answer(3, 1, 4), answer(2, 4, 5));
    try (DifferentiableDecoder model =
        DifferentiableDecoder.open(decoder.model(), GradientOptions.defaults().withThreads(1))) {
      for (Prefix prefix : Arrays.asList(null, model.keyValues(new int[] {9, 31, 77}))) {
        List<TopLogProbabilities> together = model.topLogProbabilities(prefix, rows, 6);
        assertThat(together).hasSameSizeAs(rows);
        for (int i = 0; i < rows.size(); i++) {
          TopLogProbabilities alone =
              model.topLogProbabilities(prefix, rows.subList(i, i + 1), 6).get(0);
          assertThat(together.get(i).positions()).isEqualTo(rows.get(i).answerLength());
          for (int position = 0; position < alone.positions(); position++) {
            assertThat(together.get(i).ids(position)).isEqualTo(alone.ids(position));
            assertThat(together.get(i).logProbabilities(position))
                .containsExactly(alone.logProbabilities(position), Offset.offset(1e-5));
          }
        }
      }
    }
  }

  /** The common beginning and some tokens as a prompt, and some as an answer. */
  private static AnswerTokens answer(int own, int answered, int seed) {
    Random random = new Random(seed);
    int[] prompt = Arrays.copyOf(BEGINNING, BEGINNING.length + own);
    for (int i = BEGINNING.length; i < prompt.length; i++) {
      prompt[i] = 5 + random.nextInt(290);
    }
    return AnswerTokens.of(prompt, random.ints(answered, 5, 300).toArray());
  }

  /** A row of the common beginning, some tokens of its own, and targets after the first of them. */
  private static TrainingRow row(int own, int seed) {
    int[] tokens = Arrays.copyOf(BEGINNING, BEGINNING.length + own);
    Random random = new Random(seed);
    List<Integer> positions = new ArrayList<>();
    for (int i = BEGINNING.length; i < tokens.length; i++) {
      tokens[i] = 5 + random.nextInt(290);
      positions.add(i + 1);
    }
    int[] at = positions.stream().mapToInt(Integer::intValue).toArray();
    return TrainingRow.of(
        tokens,
        at,
        random.ints(at.length, 5, 300).toArray(),
        random.doubles(at.length, -1, 1).toArray());
  }

  /** ‖a − b‖ / ‖b‖. */
  private static double difference(float[] a, double[] b) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < a.length; i++) {
      difference += Math.pow(a[i] - b[i], 2);
      norm += Math.pow(b[i], 2);
    }
    return Math.sqrt(difference / norm);
  }
}
