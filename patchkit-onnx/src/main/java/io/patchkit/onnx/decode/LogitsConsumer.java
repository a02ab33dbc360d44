package io.patchkit.onnx.decode;

import java.nio.FloatBuffer;

/** Is shown the logits of one position after another. */
@FunctionalInterface
interface LogitsConsumer {

  /**
   * Is shown one row of logits, valid during the call.
   *
   * @param position index of the token that the row predicts
   * @param logits holds the row
   * @param offset where in it the row starts; it is [vocabularySize] long
   */
  void accept(int position, FloatBuffer logits, int offset);
}
