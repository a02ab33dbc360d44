package io.patchkit.onnx.decode;

import java.nio.FloatBuffer;

/** The logarithm of the softmax of a row of logits: x − max − log Σ exp(x − max). */
final class LogSoftmax {

  private LogSoftmax() {}

  /** The log-probability of one entry of the row that starts at an offset. */
  static double at(FloatBuffer logits, int offset, int size, int entry) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < size; i++) {
      max = Math.max(max, logits.get(offset + i));
    }
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += Math.exp(logits.get(offset + i) - max);
    }
    return logits.get(offset + entry) - max - Math.log(sum);
  }
}
