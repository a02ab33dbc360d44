package io.patchkit.evaluate;

import java.util.Objects;

/**
 * What a variant said to one item.
 *
 * @param prompt as a person would read it
 * @param response what was generated
 * @param score what the suite's first judge gave it, in [0, 1]
 */
public record Sample(String prompt, String response, double score) {

  public Sample {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(response, "response");
    if (!(score >= 0 && score <= 1)) {
      throw new IllegalArgumentException("score is " + score + "; allowed: in [0, 1]");
    }
  }
}
