package io.patchkit.onnx.judge;

/** From a classifier's output row to the score of one label. */
enum LabelScore {
  /** Logits of labels that exclude each other. */
  SOFTMAX,
  /** Logits of labels of which several may hold. */
  SIGMOID,
  /** Probabilities. */
  PROBABILITY;

  double of(float[] row, int label) {
    return switch (this) {
      case SOFTMAX -> softmax(row, label);
      case SIGMOID -> 1 / (1 + Math.exp(-row[label]));
      // A graph's own rounding can leave the interval by a digit.
      case PROBABILITY -> Math.min(1, Math.max(0, row[label]));
    };
  }

  private static double softmax(float[] row, int label) {
    double sum = 0;
    for (float logit : row) {
      sum += Math.exp(logit - row[label]);
    }
    return 1 / sum;
  }
}
