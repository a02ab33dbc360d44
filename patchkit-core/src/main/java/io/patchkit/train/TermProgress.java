package io.patchkit.train;

import org.jspecify.annotations.Nullable;

/**
 * How one term stands.
 *
 * @param name of the term
 * @param loss of its batch, without the term's weight
 * @param kl divergence from the teacher or the base in nats a token, null where the objective has
 *     none
 * @param preference rewards, margins and accuracy, null where the objective has no pairs
 */
public record TermProgress(
    String name, double loss, @Nullable Double kl, @Nullable PreferenceProgress preference) {}
