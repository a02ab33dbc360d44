package io.patchkit.onnx.gradient;

/** Which prefixes a graph takes. */
enum PrefixKind {
  /** A soft prompt; the past is empty. */
  SOFT_PROMPT,
  /** Keys and values. */
  KEY_VALUE,
  /** Either, or none. */
  ANY;

  boolean takesSoftPrompt() {
    return this != KEY_VALUE;
  }

  boolean takesKeyValues() {
    return this != SOFT_PROMPT;
  }
}
