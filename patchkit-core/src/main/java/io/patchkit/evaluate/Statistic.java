package io.patchkit.evaluate;

import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/**
 * A number that sums up items: a function of the means of some of their values. A mean, a ratio of
 * sums, the exponential of one, a difference of shares all are.
 *
 * @param fields names of the values, at least one
 * @param ofMeans from the means of the fields, in their order, to the number; may give NaN
 * @param isShare whether the values are 0 or 1 and the number is their mean, so that Wilson's
 *     interval holds, and Tango's of paired differences
 */
public record Statistic(List<String> fields, ToDoubleFunction<double[]> ofMeans, boolean isShare) {

  public Statistic {
    fields = List.copyOf(fields);
    Objects.requireNonNull(ofMeans, "ofMeans");
    if (fields.isEmpty() || (isShare && fields.size() != 1)) {
      throw new IllegalArgumentException(
          "fields is " + fields + "; allowed: at least one, and exactly one for a share");
    }
  }

  /**
   * The share of items whose value is 1, the others' being 0. An evaluation refuses any other value
   * with an {@link IllegalStateException}; those have a {@link #mean}.
   */
  public static Statistic share(String field) {
    return new Statistic(List.of(field), means -> means[0], true);
  }

  /** The mean of a value. */
  public static Statistic mean(String field) {
    return new Statistic(List.of(field), means -> means[0], false);
  }

  /** The sum of one value over the sum of another. */
  public static Statistic ratio(String numerator, String denominator) {
    return new Statistic(List.of(numerator, denominator), means -> means[0] / means[1], false);
  }

  /**
   * The perplexity of all items together: exp(−Σ log-probability / Σ tokens).
   *
   * @param logProbability field of the sums of log-probabilities
   * @param tokens field of the numbers of tokens
   */
  public static Statistic perplexity(String logProbability, String tokens) {
    return new Statistic(
        List.of(logProbability, tokens), means -> Math.exp(-means[0] / means[1]), false);
  }
}
