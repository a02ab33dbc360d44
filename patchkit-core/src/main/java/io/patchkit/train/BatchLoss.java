package io.patchkit.train;

import org.jspecify.annotations.Nullable;

/**
 * What an objective makes of a batch.
 *
 * @param tokens that went through the model
 */
record BatchLoss(
    double loss, @Nullable Double kl, @Nullable PreferenceProgress preference, long tokens) {

  TermProgress progress(String name) {
    return new TermProgress(name, loss, kl, preference);
  }
}
