package io.patchkit;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * What one request produced. Immutable.
 *
 * @param text the generated text, without the prompt, special tokens and the stop string; it reads
 *     on from a prompt that is a text, with the space between two words
 * @param tokens the generated ids in order, a stop token excluded
 * @param logProbabilities the natural logarithm of each token's probability given everything before
 *     it, one a token, as {@link LanguageModel#score} gives them: of the model itself, before
 *     penalty, temperature and cuts; empty unless {@link GenerationOptions#logProbabilities} asks
 * @param finishReason why it ended
 * @param prefixTokens virtual tokens in front of the prompt, 0 without patches
 * @param promptTokens tokens of the prompt
 * @param timeToFirstToken from the request to the first token, the prefix's encoding included where
 *     it was not cached; equal to {@code total} when no token was generated
 * @param total from the request to the end
 */
public record Generation(
    String text,
    List<Integer> tokens,
    List<Double> logProbabilities,
    FinishReason finishReason,
    int prefixTokens,
    int promptTokens,
    Duration timeToFirstToken,
    Duration total) {

  public Generation {
    Objects.requireNonNull(text, "text");
    tokens = List.copyOf(tokens);
    logProbabilities = List.copyOf(logProbabilities);
    if (!logProbabilities.isEmpty() && logProbabilities.size() != tokens.size()) {
      throw new IllegalArgumentException(
          "logProbabilities has "
              + logProbabilities.size()
              + " numbers; allowed: one for each of the "
              + tokens.size()
              + " tokens, or none");
    }
    Objects.requireNonNull(finishReason, "finishReason");
    Objects.requireNonNull(timeToFirstToken, "timeToFirstToken");
    Objects.requireNonNull(total, "total");
  }

  /** Without log-probabilities. */
  public Generation(
      String text,
      List<Integer> tokens,
      FinishReason finishReason,
      int prefixTokens,
      int promptTokens,
      Duration timeToFirstToken,
      Duration total) {
    this(
        text, tokens, List.of(), finishReason, prefixTokens, promptTokens, timeToFirstToken, total);
  }

  /** {@link #tokens} as {@link LanguageModel#score} takes them, newly made. */
  public int[] tokenIds() {
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Tokens a second after the first one; 0 for fewer than two tokens. */
  public double decodeTokensPerSecond() {
    double seconds = total.minus(timeToFirstToken).toNanos() / 1e9;
    return tokens.size() < 2 || seconds <= 0 ? 0 : (tokens.size() - 1) / seconds;
  }
}
