package io.patchkit;

/**
 * What a patch puts in front of every prompt: the learned numbers themselves. Immutable.
 *
 * <p>A prefix occupies the first positions of the context; the prompt's first token stands at
 * position {@link #length()}.
 */
public sealed interface Prefix permits SoftPrompt, KeyValuePrefix {

  /** The longest prefix that is accepted, in virtual tokens. */
  int MAX_LENGTH = 4096;

  /** Number of virtual tokens. */
  int length();

  /**
   * Lower-case hexadecimal SHA-256 of the kind, the sizes and all numbers. Equal prefixes have
   * equal digests whatever file they came from.
   */
  String digest();
}
