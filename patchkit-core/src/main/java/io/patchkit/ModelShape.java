package io.patchkit;

/**
 * The sizes of a decoder that a patch has to fit.
 *
 * @param hiddenSize width of a token's embedding
 * @param layers number of layers that keep keys and values
 * @param keyValueHeads key/value heads of each layer
 * @param headDim width of one key or value
 * @param vocabularySize number of logits
 * @param contextLength most positions, prefix and prompt and output together
 * @param embeddingScale the constant by which the model multiplies a token's embedding before the
 *     first layer; 1 for most models, √hiddenSize for Gemma
 */
public record ModelShape(
    int hiddenSize,
    int layers,
    int keyValueHeads,
    int headDim,
    int vocabularySize,
    int contextLength,
    float embeddingScale) {

  public ModelShape {
    positive(hiddenSize, "hiddenSize");
    positive(layers, "layers");
    positive(keyValueHeads, "keyValueHeads");
    positive(headDim, "headDim");
    positive(vocabularySize, "vocabularySize");
    positive(contextLength, "contextLength");
    if (!(embeddingScale > 0) || Float.isInfinite(embeddingScale)) {
      throw new IllegalArgumentException("embeddingScale is " + embeddingScale + "; allowed: > 0");
    }
  }

  private static void positive(int value, String field) {
    if (value < 1) {
      throw new IllegalArgumentException(field + " is " + value + "; allowed: at least 1");
    }
  }
}
