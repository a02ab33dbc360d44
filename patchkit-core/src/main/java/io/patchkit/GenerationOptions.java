package io.patchkit;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How to choose tokens and when to stop. Immutable; start from {@link #defaults()} and change what
 * you need.
 *
 * <p>The logits pass through these steps in this order: repetition penalty, temperature, top-k,
 * top-p, min-p; one token is then drawn from what is left, renormalised.
 *
 * @param maxNewTokens the most tokens to generate, ≥ 1
 * @param temperature divides the logits, in [0, 100]; 0 is greedy decoding: the likeliest token,
 *     and the lower id among equals
 * @param topK keeps the k likeliest tokens, ≥ 0; 0 keeps all
 * @param topP nucleus sampling: keeps the fewest likeliest tokens whose probabilities sum to at
 *     least p, in (0, 1]; 1 keeps all (Holtzman et al., arXiv 1904.09751)
 * @param minP keeps tokens at least this share as likely as the likeliest, in [0, 1); 0 keeps all
 *     (arXiv 2407.01082)
 * @param repetitionPenalty divides the positive and multiplies the negative logits of tokens that
 *     occurred in the prompt or the output, in (0, 100]; 1 changes nothing (CTRL, arXiv 1909.05858)
 * @param stopStrings texts that end the generation and are not part of it; none empty. In a run of
 *     tokens that are single bytes, as some tokenizers write emoji and rare scripts, one is found
 *     when the run ends, for until then it is not known what characters they are
 * @param ignoreStopTokens whether to go on past the model's own stop tokens
 * @param logProbabilities whether to keep each token's log-probability, {@link
 *     Generation#logProbabilities()}; costs a sum over the vocabulary a token
 * @param seed of the random draws; equal seeds give equal texts
 * @param timeLimit the most time to spend, checked after each token; null for no limit
 */
public record GenerationOptions(
    int maxNewTokens,
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    List<String> stopStrings,
    boolean ignoreStopTokens,
    boolean logProbabilities,
    long seed,
    @Nullable Duration timeLimit) {

  private static final GenerationOptions DEFAULTS =
      new GenerationOptions(256, 0, 0, 1, 0, 1, List.of(), false, false, 0, null);

  public GenerationOptions {
    require(maxNewTokens >= 1, "maxNewTokens", maxNewTokens, "at least 1");
    require(temperature >= 0 && temperature <= 100, "temperature", temperature, "in [0, 100]");
    require(topK >= 0, "topK", topK, "0 (all tokens) or more");
    require(topP > 0 && topP <= 1, "topP", topP, "in (0, 1]");
    require(minP >= 0 && minP < 1, "minP", minP, "in [0, 1)");
    require(
        repetitionPenalty > 0 && repetitionPenalty <= 100,
        "repetitionPenalty",
        repetitionPenalty,
        "in (0, 100]");
    stopStrings = List.copyOf(stopStrings);
    for (String stop : stopStrings) {
      require(!stop.isEmpty(), "stopStrings", stopStrings, "texts that are not empty");
    }
    require(
        timeLimit == null || (!timeLimit.isNegative() && !timeLimit.isZero()),
        "timeLimit",
        Objects.requireNonNullElse(timeLimit, Duration.ZERO),
        "positive");
  }

  /** Greedy decoding of at most 256 tokens, ended by the model's own stop tokens. */
  public static GenerationOptions defaults() {
    return DEFAULTS;
  }

  /** Whether the likeliest token is taken each time, without chance. */
  public boolean isGreedy() {
    return temperature == 0;
  }

  public GenerationOptions withMaxNewTokens(int maxNewTokens) {
    return edited(draft -> draft.maxNewTokens = maxNewTokens);
  }

  public GenerationOptions withTemperature(double temperature) {
    return edited(draft -> draft.temperature = temperature);
  }

  public GenerationOptions withTopK(int topK) {
    return edited(draft -> draft.topK = topK);
  }

  public GenerationOptions withTopP(double topP) {
    return edited(draft -> draft.topP = topP);
  }

  public GenerationOptions withMinP(double minP) {
    return edited(draft -> draft.minP = minP);
  }

  public GenerationOptions withRepetitionPenalty(double repetitionPenalty) {
    return edited(draft -> draft.repetitionPenalty = repetitionPenalty);
  }

  public GenerationOptions withStopStrings(String... stopStrings) {
    return edited(draft -> draft.stopStrings = List.of(stopStrings));
  }

  public GenerationOptions withIgnoreStopTokens(boolean ignoreStopTokens) {
    return edited(draft -> draft.ignoreStopTokens = ignoreStopTokens);
  }

  public GenerationOptions withLogProbabilities(boolean logProbabilities) {
    return edited(draft -> draft.logProbabilities = logProbabilities);
  }

  public GenerationOptions withSeed(long seed) {
    return edited(draft -> draft.seed = seed);
  }

  public GenerationOptions withTimeLimit(@Nullable Duration timeLimit) {
    return edited(draft -> draft.timeLimit = timeLimit);
  }

  private static void require(boolean holds, String field, Object found, String allowed) {
    if (!holds) {
      throw new IllegalArgumentException(field + " is " + found + "; allowed: " + allowed);
    }
  }

  /** A copy with one thing changed, checked like any other. */
  private GenerationOptions edited(Consumer<Draft> edit) {
    Draft draft = new Draft(this);
    edit.accept(draft);
    return draft.build();
  }

  /** The fields while one of them changes. */
  private static final class Draft {
    int maxNewTokens;
    double temperature;
    int topK;
    double topP;
    double minP;
    double repetitionPenalty;
    List<String> stopStrings;
    boolean ignoreStopTokens;
    boolean logProbabilities;
    long seed;
    @Nullable Duration timeLimit;

    Draft(GenerationOptions from) {
      maxNewTokens = from.maxNewTokens;
      temperature = from.temperature;
      topK = from.topK;
      topP = from.topP;
      minP = from.minP;
      repetitionPenalty = from.repetitionPenalty;
      stopStrings = from.stopStrings;
      ignoreStopTokens = from.ignoreStopTokens;
      logProbabilities = from.logProbabilities;
      seed = from.seed;
      timeLimit = from.timeLimit;
    }

    GenerationOptions build() {
      return new GenerationOptions(
          maxNewTokens,
          temperature,
          topK,
          topP,
          minP,
          repetitionPenalty,
          stopStrings,
          ignoreStopTokens,
          logProbabilities,
          seed,
          timeLimit);
    }
  }
}
