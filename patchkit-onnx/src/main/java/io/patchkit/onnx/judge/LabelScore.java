package io.patchkit.onnx.judge;

import io.patchkit.UnsupportedModelException;

/** From a classifier's output row to the score of one label. */
enum LabelScore {
  /** Logits of labels that exclude each other. */
  SOFTMAX,
  /** Logits of labels of which several may hold. */
  SIGMOID,
  /** Probabilities. */
  PROBABILITY;

  /** By so much a graph's own rounding may leave [0, 1]. */
  private static final double ROUNDING = 1e-3;

  /**
   * Makes a score in [0, 1].
   *
   * @throws UnsupportedModelException if the row holds no probability where one is expected
   */
  double of(float[] row, int label) {
    return switch (this) {
      case SOFTMAX -> softmax(row, label);
      case SIGMOID -> 1 / (1 + Math.exp(-row[label]));
      case PROBABILITY -> probability(row, label);
    };
  }

  private static double probability(float[] row, int label) {
    double found = row[label];
    if (!(found >= -ROUNDING && found <= 1 + ROUNDING)) {
      throw new UnsupportedModelException(
          "expected probabilities, found "
              + found
              + " for label "
              + label
              + "; name an output of the graph that is in [0, 1]");
    }
    return Math.min(1, Math.max(0, found));
  }

  private static double softmax(float[] row, int label) {
    double sum = 0;
    for (float logit : row) {
      sum += Math.exp(logit - row[label]);
    }
    return 1 / sum;
  }
}
