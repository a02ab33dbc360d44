package io.patchkit.release;

import io.patchkit.LanguageModel;

/** Looks whether a model works through a stack of patches, before requests get it. */
@FunctionalInterface
public interface HealthProbe {

  /**
   * Tries the model, for instance with a request whose answer is known.
   *
   * @param candidate the model through the new stack
   * @throws RuntimeException if it does not work; the message goes into the store's history. An
   *     {@link AssertionError} says the same
   */
  void check(LanguageModel candidate);
}
