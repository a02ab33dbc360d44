package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.patchkit.onnx.DecoderCase;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
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
    float scale = decoder.inputScale();
    float[] prefix = times(flatten(decoder.adapter(training.get("patch").asText())), scale);
    try (GradientModel model = open(decoder, Parametrisation.SOFT_PROMPT)) {
      for (String objective : new String[] {"sft", "sft_weighted", "kl"}) {
        JsonNode expected = training.get(objective);
        boolean isDistillation = objective.equals("kl");
        List<Example> rows =
            isDistillation
                ? distilled(training.get("rows"), expected.get("teacher"))
                : weighted(training.get("rows"), expected.get("weights"));
        GradientStep step = model.run(rows, prefix);
        double n = isDistillation ? positions(rows) : total(rows);
        assertThat(-objective(step) / n)
            .as(objective)
            .isCloseTo(expected.get("loss").asDouble(), Offset.offset(1e-4));
        float[] gradient = times(step.gradient(), (float) (-scale / n));
        assertThat(relativeError(gradient, rows(expected.get("grad"))))
            .as(objective)
            .isLessThan(TOLERANCE);
      }
      JsonNode dpo = training.get("dpo");
      for (String which : new String[] {"grad_step0", "grad_step1"}) {
        float[] at =
            which.equals("grad_step0") ? prefix : times(rows(dpo.get("prefix_step1")), scale);
        float[] gradient = times(preferenceGradient(model, dpo, at), scale);
        assertThat(relativeError(gradient, rows(dpo.get(which)))).as(which).isLessThan(TOLERANCE);
      }
    }
  }

  /** Keys and values have no oracle here but the log-probabilities themselves. */
  @ParameterizedTest
  @MethodSource("cases")
  void keyValueGradientsAgreeWithFiniteDifferences(DecoderCase decoder) {
    try (GradientModel model = open(decoder, Parametrisation.KEY_VALUES)) {
      Random random = new Random(5);
      float[] prefix = new float[4 * model.prefixWidth()];
      for (int i = 0; i < prefix.length; i++) {
        prefix[i] = (float) (0.5 * random.nextGaussian());
      }
      List<Example> rows = new ArrayList<>();
      for (int length : new int[] {12, 7}) {
        int[] tokens = random.ints(length, 5, 300).toArray();
        float[] weights = new float[length];
        for (int i = 2; i < length; i++) {
          weights[i] = (float) random.nextGaussian();
        }
        rows.add(Example.weighted(tokens, weights));
      }
      assertThat(DirectionalCheck.relativeError(model, rows, prefix, 11)).isLessThan(5e-3);
    }
  }

  /**
   * −β σ(−margin) / n on each chosen row and the opposite on each rejected one (Rafailov et al.,
   * arXiv 2305.18290), from one pass.
   */
  private static float[] preferenceGradient(GradientModel model, JsonNode dpo, float[] prefix) {
    List<Example> rows = new ArrayList<>();
    JsonNode triples = dpo.get("triples");
    for (JsonNode triple : triples) {
      int[] prompt = ints(triple.get("prompt_ids"));
      rows.add(Example.of(prompt, ints(triple.get("chosen_ids")), 1));
      rows.add(Example.of(prompt, ints(triple.get("rejected_ids")), 1));
    }
    GradientStep step = model.run(rows, prefix);
    double beta = dpo.get("beta").asDouble();
    double[] coefficients = new double[rows.size()];
    for (int i = 0; i < triples.size(); i++) {
      double chosen = step.objective(2 * i) - dpo.get("ref_chosen_logp").get(i).asDouble();
      double rejected = step.objective(2 * i + 1) - dpo.get("ref_rejected_logp").get(i).asDouble();
      double weight = beta / (1 + Math.exp(beta * (chosen - rejected))) / triples.size();
      coefficients[2 * i] = -weight;
      coefficients[2 * i + 1] = weight;
    }
    return step.gradient(coefficients);
  }

  private static GradientModel open(DecoderCase decoder, Parametrisation parametrisation) {
    return GradientModel.open(
        decoder.folder().resolve("model.onnx"),
        parametrisation,
        GradientOptions.defaults().withThreads(1).withRowsPerRun(4));
  }

  private static double objective(GradientStep step) {
    double sum = 0;
    for (int row = 0; row < step.rows(); row++) {
      sum += step.objective(row);
    }
    return sum;
  }

  private static float[] times(float[] values, float factor) {
    float[] product = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      product[i] = factor * values[i];
    }
    return product;
  }

  private static List<Example> weighted(JsonNode rows, JsonNode weights) {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      examples.add(Example.weighted(tokens(rows.get(i)), DecoderCase.floats(weights.get(i))));
    }
    return examples;
  }

  private static List<Example> distilled(JsonNode rows, JsonNode teacher) {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      int prompt = rows.get(i).get("prompt_ids").size();
      JsonNode ids = teacher.get(i).get("ids");
      int[] positions = new int[ids.size()];
      int[][] targets = new int[ids.size()][];
      float[][] weights = new float[ids.size()][];
      for (int j = 0; j < positions.length; j++) {
        positions[j] = prompt + j;
        targets[j] = ints(ids.get(j));
        weights[j] = DecoderCase.floats(teacher.get(i).get("probs").get(j));
      }
      examples.add(new Example(tokens(rows.get(i)), positions, targets, weights));
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

  private static int positions(List<Example> rows) {
    int positions = 0;
    for (Example row : rows) {
      positions += row.positions();
    }
    return positions;
  }

  private static double total(List<Example> rows) {
    double total = 0;
    for (Example row : rows) {
      for (int i = 0; i < row.positions(); i++) {
        for (int k = 0; k < row.targets(i); k++) {
          total += row.weight(i, k);
        }
      }
    }
    return total;
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  static float[] rows(JsonNode matrix) {
    float[][] rows = new float[matrix.size()][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = DecoderCase.floats(matrix.get(i));
    }
    return flatten(rows);
  }

  static float[] flatten(float[][] rows) {
    float[] flat = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * rows[0].length, rows[0].length);
    }
    return flat;
  }

  /** ‖a − b‖ / ‖b‖. */
  static double relativeError(float[] a, float[] b) {
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
