package io.patchkit.train;

/**
 * What a training drives down, with the data it does so on. Immutable. A training may combine
 * several, each with its own data: see {@link Term}.
 */
public sealed interface Objective permits Sft, Dpo, Distillation, Counterfactual {

  /** Number of examples. */
  int size();

  /** Lower-case hexadecimal SHA-256 of all examples, in order. */
  String dataDigest();
}
