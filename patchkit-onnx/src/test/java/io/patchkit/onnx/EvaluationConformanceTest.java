package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import io.patchkit.ContinuationScore;
import io.patchkit.Model;
import io.patchkit.Prompt;
import io.patchkit.evaluate.Evaluation;
import io.patchkit.evaluate.EvaluationData;
import io.patchkit.evaluate.Figure;
import io.patchkit.evaluate.Item;
import io.patchkit.evaluate.Judge;
import io.patchkit.evaluate.JudgeId;
import io.patchkit.evaluate.Metric;
import io.patchkit.evaluate.Observation;
import io.patchkit.evaluate.Purpose;
import io.patchkit.evaluate.Statistic;
import io.patchkit.evaluate.Suite;
import io.patchkit.evaluate.Variant;
import io.patchkit.format.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The perplexity of given continuations, measured by a suite of one's own on every patch stack of a
 * case side by side, against the log-probabilities that transformers and PEFT computed.
 */
class EvaluationConformanceTest {

  static List<ConformanceCase> cases() {
    return ConformanceCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void givesTransformersPerplexities(ConformanceCase tiny) {
    assumeFalse(tiny.isInt4(), "values depend on the processor");
    OnnxOptions options = OnnxOptions.defaults().withThreads(1);
    try (Model model = OnnxModel.open(tiny.folder(), options)) {
      List<Variant> variants = new ArrayList<>();
      for (String stack : tiny.stacks()) {
        variants.add(Variant.stacked(model, tiny.stack(stack)).withName(stack));
      }
      Figure figure =
          Evaluation.of(variants, List.of(new Continuations(tiny)))
              .run()
              .figure(Continuations.PERPLEXITY);
      for (String stack : tiny.stacks()) {
        assertThat(figure.cell(stack).value().value())
            .as(stack)
            .isCloseTo(expected(tiny, stack), withinPercentage(0.1));
      }
    }
  }

  private static double expected(ConformanceCase tiny, String stack) {
    double logProbability = 0;
    int tokens = 0;
    for (int i = 0; i < tiny.prompts(); i++) {
      for (JsonNode each : tiny.values(stack, i).get("continuation_token_logprobs")) {
        logProbability += each.asDouble();
        tokens++;
      }
    }
    return Math.exp(-logProbability / tokens);
  }

  /** The continuations of a case's prompts. */
  private record Continuations(ConformanceCase tiny) implements Suite {

    static final String PERPLEXITY = "perplexity of continuations";

    @Override
    public String name() {
      return "continuations";
    }

    @Override
    public Purpose purpose() {
      return Purpose.UTILITY;
    }

    @Override
    public EvaluationData data() {
      List<String> indexes = new ArrayList<>();
      for (int i = 0; i < tiny.prompts(); i++) {
        indexes.add(Integer.toString(i));
      }
      return EvaluationData.ofTexts("prompts of " + tiny, indexes);
    }

    @Override
    public List<Judge> judges() {
      return List.of();
    }

    @Override
    public List<Metric> metrics() {
      return List.of(
          new Metric(
              PERPLEXITY,
              Statistic.perplexity("logProbability", "tokens"),
              Metric.Unit.NUMBER,
              Metric.Direction.LOWER,
              JudgeId.LOG_PROBABILITY));
    }

    @Override
    public JsonObject configuration() {
      return JsonObject.builder().build();
    }

    @Override
    public List<Observation> observe(Variant variant, List<Item> items, long seed) {
      List<Observation> observations = new ArrayList<>();
      for (Item item : items) {
        JsonNode prompt = tiny.prompt(Integer.parseInt(item.text("text")));
        ContinuationScore score =
            variant.score(
                Prompt.tokens(ConformanceCase.ints(prompt.get("input_ids"))),
                ConformanceCase.ints(prompt.get("continuation_ids")));
        observations.add(
            Observation.of(
                Map.of("logProbability", score.total(), "tokens", (double) score.tokens().size())));
      }
      return observations;
    }
  }
}
