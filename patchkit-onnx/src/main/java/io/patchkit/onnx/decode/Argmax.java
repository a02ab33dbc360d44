package io.patchkit.onnx.decode;

import io.patchkit.EngineException;

/** The likeliest token of a row of logits, which is also where wrong numbers are noticed. */
final class Argmax {

  private Argmax() {}

  /**
   * The index of the largest of the first logits; the lower one among equals.
   *
   * @param size how many logits, ≥ 1
   * @throws EngineException if a logit is not a number, or the largest is infinite; others may be
   *     −∞: what a graph masks
   */
  static int of(float[] logits, int size) {
    int best = 0;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < size; i++) {
      float logit = logits[i];
      if (logit > max) {
        max = logit;
        best = i;
      } else if (Float.isNaN(logit)) {
        throw notANumber(i);
      }
    }
    if (max == Float.NEGATIVE_INFINITY || max == Float.POSITIVE_INFINITY) {
      throw notANumber(best);
    }
    return best;
  }

  private static EngineException notANumber(int token) {
    return new EngineException(
        "the logit of token "
            + token
            + " is not a finite number; the prefix or the graph overflows its number type");
  }
}
