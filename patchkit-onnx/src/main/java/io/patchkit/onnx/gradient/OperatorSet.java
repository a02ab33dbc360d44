package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Graph;

/**
 * Raises a graph's operator set to one that has what the backward pass needs. Only steps are taken
 * that leave the meaning of every operator of a decoder as it was: from 13 on to 17 (reductions get
 * their axes in another way from 18 on), from 18 on to 21.
 */
final class OperatorSet {

  private OperatorSet() {}

  static void raise(Graph graph) {
    long found = graph.opset("");
    if (found < 13) {
      throw new UnsupportedModelException(
          "Expected a model of ONNX operator set 13 or later, found "
              + found
              + "; export it again");
    }
    if (found < 17) {
      graph.setOpset("", 17);
    } else if (found > 17 && found < 21) {
      graph.setOpset("", 21);
    }
  }
}
