package io.patchkit.onnx.gradient;

/** Which numbers of a prefix are trained. */
public enum Parametrisation {
  /** Vectors that enter the first layer in place of token embeddings: [tokens, hidden]. */
  SOFT_PROMPT,
  /** Keys and values of every layer, as if tokens before the prompt had left them. */
  KEY_VALUES
}
