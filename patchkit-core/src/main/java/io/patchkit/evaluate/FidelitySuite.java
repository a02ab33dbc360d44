package io.patchkit.evaluate;

import io.patchkit.ChatMessage;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import io.patchkit.Prompt;
import io.patchkit.evaluate.Metric.Direction;
import io.patchkit.evaluate.Metric.Unit;
import io.patchkit.format.JsonObject;
import java.util.List;
import java.util.Map;

/**
 * How close a variant is to the safer reference M': the divergence KL(M' ‖ variant) per token,
 * estimated on answers y that M' draws at temperature 1,
 *
 * <pre>Σ (log p_M'(y | x) − log p_variant(y | x)) / Σ |y|</pre>
 *
 * of the tokens before the stop. Where an answer ends is not compared: y lacks the stop token, and
 * an answer without any other is left out. A variant that differs in nothing but when it stops
 * counts as equal to M'. Needs one tokenizer for both.
 *
 * <p>A row's request is its field {@code request}, {@code prompt} or {@code text}, asked as a chat.
 */
public final class FidelitySuite extends LogProbabilitySuite {

  /** The estimated divergence of the tokens before the stop, in nats a token. */
  public static final String DIVERGENCE = "KL(M′ ‖ variant) per token";

  private final LanguageModel reference;
  private final int maxNewTokens;

  private FidelitySuite(EvaluationData data, LanguageModel reference, int maxNewTokens) {
    super("fidelity", Purpose.FIDELITY, data);
    this.reference = reference;
    this.maxNewTokens = maxNewTokens;
  }

  /**
   * Answers of at most 32 tokens.
   *
   * @param reference M', not owned
   */
  public static FidelitySuite of(EvaluationData data, LanguageModel reference) {
    return new FidelitySuite(data, reference, 32);
  }

  /** With answers of another length, ≥ 1. */
  public FidelitySuite withMaxNewTokens(int tokens) {
    return new FidelitySuite(data(), reference, tokens);
  }

  @Override
  public List<Metric> metrics() {
    return List.of(
        new Metric(
            DIVERGENCE,
            Statistic.ratio("logRatio", "tokens"),
            Unit.NATS,
            Direction.LOWER,
            JudgeId.LOG_PROBABILITY));
  }

  @Override
  public JsonObject configuration() {
    return JsonObject.builder()
        .put("reference", reference.fingerprint())
        .put("maxNewTokens", maxNewTokens)
        .build();
  }

  @Override
  Observation observe(Variant variant, Item item, long seed) {
    requireTokenizer(variant);
    Prompt prompt = Prompt.chat(List.of(ChatMessage.user(item.text("request", "prompt", "text"))));
    GenerationOptions options =
        GenerationOptions.defaults()
            .withTemperature(1)
            .withMaxNewTokens(maxNewTokens)
            .withSeed(Digest.seed(seed, name(), item.id()));
    Generation answer = reference.generate(prompt, options);
    int[] tokens = answer.tokens().stream().mapToInt(Integer::intValue).toArray();
    if (tokens.length == 0) {
      return Observation.of(Map.of());
    }
    double ours = variant.score(prompt, tokens).total();
    double theirs = reference.score(prompt, tokens).total();
    return Observation.of(Map.of("logRatio", theirs - ours, "tokens", (double) tokens.length));
  }

  private void requireTokenizer(Variant variant) {
    String expected = reference.tokenizer().fingerprint();
    String found = variant.tokenizer().fingerprint();
    if (!expected.equals(found)) {
      throw new IllegalArgumentException(
          "the tokenizer of '"
              + variant.name()
              + "' has the fingerprint "
              + found
              + ", that of the reference "
              + expected
              + "; a divergence needs one tokenizer for both");
    }
  }
}
