package io.patchkit.evaluate;

import io.patchkit.ChatMessage;
import io.patchkit.FinishReason;
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
 * where y includes the stop token, unless a length limit cut the answer off. A generation does not
 * name that token, so M' draws an answer that ended once more with the same seed and goes on past
 * it. Needs one tokenizer for both, and an M' whose equal seeds give equal texts.
 *
 * <p>A row's request is its field {@code request}, {@code prompt} or {@code text}, asked as a chat.
 */
public final class FidelitySuite extends LogProbabilitySuite {

  /** The estimated divergence of the answers, their stop included, in nats a token. */
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
        .put("reference", Variant.identity(reference).build())
        .put("maxNewTokens", maxNewTokens)
        .put("scored", "answer and stop")
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
    int[] tokens = draw(prompt, options).tokenIds();
    if (tokens.length == 0) {
      return Observation.of(Map.of());
    }
    double ours = variant.score(prompt, tokens).total();
    double theirs = reference.score(prompt, tokens).total();
    return Observation.of(Map.of("logRatio", theirs - ours, "tokens", (double) tokens.length));
  }

  /** An answer of M', the stop token among its tokens where it ended by one. */
  private Generation draw(Prompt prompt, GenerationOptions options) {
    Generation answer = reference.generate(prompt, options);
    if (answer.finishReason() != FinishReason.STOP_TOKEN) {
      return answer;
    }
    int length = answer.tokens().size() + 1;
    Generation further =
        reference.generate(prompt, options.withIgnoreStopTokens(true).withMaxNewTokens(length));
    List<Integer> tokens = further.tokens();
    if (tokens.size() != length || !tokens.subList(0, length - 1).equals(answer.tokens())) {
      throw new IllegalStateException(
          "the reference drew the tokens "
              + answer.tokens()
              + " and a stop, and with the same seed "
              + tokens
              + "; allowed: a model whose equal seeds give equal texts");
    }
    return further;
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
