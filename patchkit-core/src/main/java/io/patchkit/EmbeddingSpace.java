package io.patchkit;

/**
 * On which side of the model's embedding scale the rows of a soft prompt live. Most models do not
 * scale and the two sides are one. Gemma multiplies a token's embedding by √hidden; whether that
 * also happens to a soft prompt depends on the library that trained it: transformers 4 scales it,
 * transformers 5 does not, and the PEFT files of the two look the same.
 */
public enum EmbeddingSpace {
  /** Rows like those of the embedding table: the model's scale is still to be applied. */
  TOKEN_TABLE,
  /** Rows exactly as the first layer receives them. */
  LAYER_INPUT,
  /** Not known. Accepted by models without a scale, refused by the others. */
  UNSPECIFIED
}
