package io.patchkit;

import java.util.List;

/**
 * How likely a model finds a given continuation.
 *
 * @param tokens the continuation's tokens
 * @param logProbabilities the natural logarithm of each token's probability given everything before
 *     it; as many as tokens, each ≤ 0
 */
public record ContinuationScore(List<Integer> tokens, List<Double> logProbabilities) {

  public ContinuationScore {
    tokens = List.copyOf(tokens);
    logProbabilities = List.copyOf(logProbabilities);
    if (tokens.size() != logProbabilities.size()) {
      throw new IllegalArgumentException(
          tokens.size() + " tokens but " + logProbabilities.size() + " log-probabilities");
    }
  }

  /** The log-probability of the whole continuation: the sum over its tokens. */
  public double total() {
    double sum = 0;
    for (double logProbability : logProbabilities) {
      sum += logProbability;
    }
    return sum;
  }

  /** exp(−mean log-probability), ≥ 1; NaN for an empty continuation. */
  public double perplexity() {
    return Math.exp(-total() / tokens.size());
  }
}
