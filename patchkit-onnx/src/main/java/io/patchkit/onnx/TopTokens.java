package io.patchkit.onnx;

import java.nio.FloatBuffer;
import java.util.PriorityQueue;

/** The likeliest tokens of one row of logits, likeliest first, with their log-probabilities. */
final class TopTokens {

  private final int[] ids;
  private final double[] logProbabilities;

  private TopTokens(int[] ids, double[] logProbabilities) {
    this.ids = ids;
    this.logProbabilities = logProbabilities;
  }

  /** The k likeliest; the lower id first among equals. */
  static TopTokens of(FloatBuffer logits, int offset, int vocabulary, int k) {
    PriorityQueue<Integer> kept =
        new PriorityQueue<>(
            (a, b) -> {
              int order = Float.compare(logits.get(offset + a), logits.get(offset + b));
              return order != 0 ? order : Integer.compare(b, a);
            });
    double max = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabulary; i++) {
      max = Math.max(max, logits.get(offset + i));
    }
    double sum = 0;
    for (int i = 0; i < vocabulary; i++) {
      sum += Math.exp(logits.get(offset + i) - max);
      if (kept.size() < k) {
        kept.add(i);
      } else if (logits.get(offset + i) > logits.get(offset + kept.element())) {
        kept.remove();
        kept.add(i);
      }
    }
    int[] ids = new int[kept.size()];
    double[] logProbabilities = new double[kept.size()];
    for (int i = ids.length - 1; i >= 0; i--) {
      ids[i] = kept.remove();
      logProbabilities[i] = logits.get(offset + ids[i]) - max - Math.log(sum);
    }
    return new TopTokens(ids, logProbabilities);
  }

  int[] ids() {
    return ids;
  }

  double[] logProbabilities() {
    return logProbabilities;
  }
}
