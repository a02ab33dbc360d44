package io.patchkit.evaluate;

import io.patchkit.GenerationOptions;
import io.patchkit.Prompt;
import java.util.Objects;

/** One generation that a suite asks a variant for. */
public record Request(Prompt prompt, GenerationOptions options) {

  public Request {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(options, "options");
  }
}
