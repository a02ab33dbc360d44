package io.patchkit.evaluate;

import io.patchkit.ContinuationScore;
import io.patchkit.Prompt;
import io.patchkit.evaluate.Metric.Direction;
import io.patchkit.evaluate.Metric.Unit;
import io.patchkit.format.JsonObject;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The perplexity of passages of text: exp of the mean negative log-probability of every token but
 * the first, over all passages. Comparable between models of one tokenizer only.
 *
 * <p>A row's passage is its field {@code text}; one of fewer than two tokens is left out.
 */
public final class PerplexitySuite extends LogProbabilitySuite {

  /** The perplexity of all passages together. */
  public static final String PERPLEXITY = "passage perplexity";

  private final int maxTokens;

  private PerplexitySuite(EvaluationData data, int maxTokens) {
    super("passages", Purpose.UTILITY, data);
    if (maxTokens < 2) {
      throw new IllegalArgumentException("maxTokens is " + maxTokens + "; allowed: at least 2");
    }
    this.maxTokens = maxTokens;
  }

  /** Passages, the first 256 tokens of each. */
  public static PerplexitySuite of(EvaluationData data) {
    return new PerplexitySuite(data, 256);
  }

  /** With longer or shorter beginnings of the passages, at least 2 tokens. */
  public PerplexitySuite withMaxTokens(int tokens) {
    return new PerplexitySuite(data(), tokens);
  }

  @Override
  public List<Metric> metrics() {
    return List.of(
        new Metric(
            PERPLEXITY,
            Statistic.perplexity("logProbability", "tokens"),
            Unit.NUMBER,
            Direction.LOWER,
            JudgeId.LOG_PROBABILITY));
  }

  @Override
  public JsonObject configuration() {
    return JsonObject.builder().put("maxTokens", maxTokens).put("start", "once").build();
  }

  @Override
  Observation observe(Variant variant, Item item, long seed) {
    int[] tokens = variant.tokenizer().encode(item.text("text"), true);
    int end = Math.min(tokens.length, maxTokens);
    if (end < 2) {
      return Observation.of(Map.of());
    }
    ContinuationScore score =
        variant.score(Prompt.tokens(tokens[0]), Arrays.copyOfRange(tokens, 1, end));
    return Observation.of(
        Map.of("logProbability", score.total(), "tokens", (double) score.tokens().size()));
  }
}
