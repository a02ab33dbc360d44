package io.patchkit.evaluate;

import java.util.Objects;

/**
 * What a judge judges: a response, and what it responds to.
 *
 * @param prompt the last thing said to the model, as plain text; empty where a text stands alone
 * @param response what the model said
 */
public record Exchange(String prompt, String response) {

  public Exchange {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(response, "response");
  }

  /** A text without a prompt. */
  public static Exchange text(String response) {
    return new Exchange("", response);
  }
}
