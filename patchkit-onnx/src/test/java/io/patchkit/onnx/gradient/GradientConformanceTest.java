package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients of whole decoders against those of torch. */
class GradientConformanceTest {

  private static final double TOLERANCE = 1e-3;

  static Stream<DecoderCase> cases() {
    return DecoderCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void softPromptGradientsAreThoseOfTorch(DecoderCase decoder) {
    JsonNode training = decoder.expected().get("training");
    assumeTrue(training != null, "no gradients to compare with");
    SoftPrompt prefix = prompt(decoder, flatten(decoder.adapter(training.get("patch").asText())));
    try (DifferentiableDecoder model = open(decoder)) {
      for (String objective : new String[] {"sft", "sft_weighted", "kl"}) {
        JsonNode expected = training.get(objective);
        boolean isDistillation = objective.equals("kl");
        List<TrainingRow> rows =
            isDistillation
                ? distilled(training.get("rows"), expected.get("teacher"))
                : weighted(training.get("rows"), expected.get("weights"));
        double n = isDistillation ? positions(expected.get("teacher")) : total(rows);
        Gradient gradient = model.gradient(prefix, rows);
        RowLogProbabilities forward = model.logProbabilities(prefix, rows);
        for (int i = 0; i < rows.size(); i++) {
          assertThat(forward.row(i)).isEqualTo(gradient.logProbabilities().row(i));
        }
        assertThat(-objective(gradient.logProbabilities(), rows) / n)
            .as(objective)
            .isCloseTo(expected.get("loss").asDouble(), Offset.offset(1e-4));
        assertThat(relativeError(times(gradient.values(), -1 / n), rows(expected.get("grad"))))
            .as(objective)
            .isLessThan(TOLERANCE);
      }
      JsonNode dpo = training.get("dpo");
      assertThat(relativeError(preferenceGradient(model, dpo, prefix), rows(dpo.get("grad_step0"))))
          .isLessThan(TOLERANCE);
      SoftPrompt next = prompt(decoder, rows(dpo.get("prefix_step1")));
      assertThat(relativeError(preferenceGradient(model, dpo, next), rows(dpo.get("grad_step1"))))
          .isLessThan(TOLERANCE);
    }
  }

  /** Keys and values have no oracle here but the log-probabilities themselves. */
  @ParameterizedTest
  @MethodSource("cases")
  void keyValueGradientsAgreeWithFiniteDifferences(DecoderCase decoder) {
    try (DifferentiableDecoder model = open(decoder)) {
      Random random = new Random(5);
      KeyValuePrefix start = model.keyValues(random.ints(4, 5, 300).toArray());
      float[] numbers = start.rows();
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] += (float) (0.3 * random.nextGaussian());
      }
      KeyValuePrefix prefix =
          KeyValuePrefix.of(start.layers(), start.keyValueHeads(), start.headDim(), numbers);
      List<TrainingRow> rows = new ArrayList<>();
      for (int length : new int[] {12, 7}) {
        double[] weights = new double[length];
        for (int i = 2; i < length; i++) {
          weights[i] = random.nextGaussian();
        }
        rows.add(row(random.ints(length, 5, 300).toArray(), weights));
      }
      assertThat(DirectionalCheck.relativeError(model, prefix, rows, 11)).isLessThan(5e-3);
    }
  }

  /** A prefix and the keys and values it leaves behind are one. */
  @ParameterizedTest
  @MethodSource("cases")
  void keysAndValuesOfTokensStandForTheTokens(DecoderCase decoder) {
    try (DifferentiableDecoder model = open(decoder)) {
      int[] prefix = {9, 31, 77, 140};
      int[] text = {12, 200, 33, 8, 91};
      int[] whole = new int[prefix.length + text.length];
      System.arraycopy(prefix, 0, whole, 0, prefix.length);
      System.arraycopy(text, 0, whole, prefix.length, text.length);
      float[] embeddings = model.embeddings(prefix);
      Prefix soft =
          SoftPrompt.of(embeddings.length / prefix.length, EmbeddingSpace.LAYER_INPUT, embeddings);

      TopLogProbabilities plain = likeliest(model, null, whole, prefix.length + 2);
      for (Prefix same : List.of(soft, model.keyValues(prefix))) {
        TopLogProbabilities found = likeliest(model, same, text, 2);
        for (int i = 0; i < plain.positions(); i++) {
          assertThat(found.ids(i)).isEqualTo(plain.ids(i));
          assertThat(found.logProbabilities(i))
              .containsExactly(plain.logProbabilities(i), Offset.offset(1e-4));
        }
      }
    }
  }

  private static TopLogProbabilities likeliest(
      DifferentiableDecoder model, @Nullable Prefix prefix, int[] tokens, int first) {
    AnswerTokens row =
        AnswerTokens.of(
            Arrays.copyOf(tokens, first), Arrays.copyOfRange(tokens, first, tokens.length));
    return model.topLogProbabilities(prefix, List.of(row), 5).get(0);
  }

  /**
   * −β σ(−margin) / n on each chosen row and the opposite on each rejected one (Rafailov et al.,
   * arXiv 2305.18290).
   */
  private static float[] preferenceGradient(
      DifferentiableDecoder model, JsonNode dpo, SoftPrompt prefix) {
    JsonNode triples = dpo.get("triples");
    float[] sum = new float[prefix.rows().length];
    double beta = dpo.get("beta").asDouble();
    for (int i = 0; i < triples.size(); i++) {
      int[] prompt = ints(triples.get(i).get("prompt_ids"));
      int[] chosen = ints(triples.get(i).get("chosen_ids"));
      int[] rejected = ints(triples.get(i).get("rejected_ids"));
      List<TrainingRow> pair = List.of(answer(prompt, chosen, 1), answer(prompt, rejected, -1));
      Gradient gradient = model.gradient(prefix, pair);
      double margin =
          gradient.logProbabilities().sum(0)
              - dpo.get("ref_chosen_logp").get(i).asDouble()
              - gradient.logProbabilities().sum(1)
              + dpo.get("ref_rejected_logp").get(i).asDouble();
      double weight = beta / (1 + Math.exp(beta * margin)) / triples.size();
      float[] values = gradient.values();
      for (int j = 0; j < sum.length; j++) {
        sum[j] -= (float) (weight * values[j]);
      }
    }
    return sum;
  }

  private static DifferentiableDecoder open(DecoderCase decoder) {
    return DifferentiableDecoder.open(
        decoder.model(), GradientOptions.defaults().withThreads(1).withRowsPerRun(2));
  }

  private static SoftPrompt prompt(DecoderCase decoder, float[] rows) {
    EmbeddingSpace space =
        decoder.inputScale() == 1 ? EmbeddingSpace.LAYER_INPUT : EmbeddingSpace.TOKEN_TABLE;
    return SoftPrompt.of(decoder.expected().at("/model/hidden_size").asInt(), space, rows);
  }

  private static double objective(RowLogProbabilities found, List<TrainingRow> rows) {
    double sum = 0;
    for (int i = 0; i < rows.size(); i++) {
      for (int target = 0; target < rows.get(i).targets(); target++) {
        sum += rows.get(i).weight(target) * found.row(i)[target];
      }
    }
    return sum;
  }

  private static float[] times(float[] values, double factor) {
    float[] product = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      product[i] = (float) (factor * values[i]);
    }
    return product;
  }

  private static List<TrainingRow> weighted(JsonNode rows, JsonNode weights) {
    List<TrainingRow> examples = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      examples.add(row(tokens(rows.get(i)), doubles(weights.get(i))));
    }
    return examples;
  }

  /** Every token whose weight is not 0 is a target. */
  private static TrainingRow row(int[] tokens, double[] weights) {
    int[] positions = IntStream.range(0, tokens.length).filter(i -> weights[i] != 0).toArray();
    return TrainingRow.of(
        tokens,
        positions,
        IntStream.of(positions).map(i -> tokens[i]).toArray(),
        IntStream.of(positions).mapToDouble(i -> weights[i]).toArray());
  }

  private static TrainingRow answer(int[] prompt, int[] answer, double weight) {
    double[] weights = new double[prompt.length + answer.length];
    Arrays.fill(weights, prompt.length, weights.length, weight);
    int[] tokens = Arrays.copyOf(prompt, weights.length);
    System.arraycopy(answer, 0, tokens, prompt.length, answer.length);
    return row(tokens, weights);
  }

  private static List<TrainingRow> distilled(JsonNode rows, JsonNode teacher) {
    List<TrainingRow> examples = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      int prompt = rows.get(i).get("prompt_ids").size();
      IntStream.Builder positions = IntStream.builder();
      IntStream.Builder ids = IntStream.builder();
      DoubleStream.Builder weights = DoubleStream.builder();
      for (int j = 0; j < teacher.get(i).get("ids").size(); j++) {
        for (int k = 0; k < teacher.get(i).get("ids").get(j).size(); k++) {
          positions.add(prompt + j);
          ids.add(teacher.get(i).get("ids").get(j).get(k).asInt());
          weights.add(teacher.get(i).get("probs").get(j).get(k).asDouble());
        }
      }
      examples.add(
          TrainingRow.of(
              tokens(rows.get(i)),
              positions.build().toArray(),
              ids.build().toArray(),
              weights.build().toArray()));
    }
    return examples;
  }

  private static int[] tokens(JsonNode row) {
    int[] prompt = ints(row.get("prompt_ids"));
    int[] completion = ints(row.get("completion_ids"));
    int[] tokens = new int[prompt.length + completion.length];
    System.arraycopy(prompt, 0, tokens, 0, prompt.length);
    System.arraycopy(completion, 0, tokens, prompt.length, completion.length);
    return tokens;
  }

  private static int positions(JsonNode teacher) {
    int positions = 0;
    for (JsonNode row : teacher) {
      positions += row.get("ids").size();
    }
    return positions;
  }

  private static double total(List<TrainingRow> rows) {
    double total = 0;
    for (TrainingRow row : rows) {
      for (int i = 0; i < row.targets(); i++) {
        total += row.weight(i);
      }
    }
    return total;
  }

  private static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asDouble();
    }
    return values;
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  private static float[] rows(JsonNode matrix) {
    float[][] rows = new float[matrix.size()][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = DecoderCase.floats(matrix.get(i));
    }
    return flatten(rows);
  }

  private static float[] flatten(float[][] rows) {
    float[] flat = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * rows[0].length, rows[0].length);
    }
    return flat;
  }

  /** ‖a − b‖ / ‖b‖. */
  private static double relativeError(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < a.length; i++) {
      difference += Math.pow((double) a[i] - b[i], 2);
      norm += Math.pow(b[i], 2);
    }
    return Math.sqrt(difference / norm);
  }
}
