package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Node;
import java.util.List;

/**
 * x · σ(x) as one operator. Exports write it as two; as one, the sigmoid need not be kept for the
 * backward pass, where it is computed again.
 */
final class Swish {

  private Swish() {}

  /** Joins every product of a tensor and its own sigmoid, where nothing else reads the sigmoid. */
  static void join(Graph graph) {
    for (Node product : graph.nodes()) {
      if (!product.is("Mul")) {
        continue;
      }
      for (int i = 0; i < 2; i++) {
        Node sigmoid = graph.producer(product.input(1 - i));
        if (sigmoid != null
            && sigmoid.is("Sigmoid")
            && sigmoid.input(0).equals(product.input(i))
            && graph.consumers(sigmoid.output(0)).size() == 1) {
          graph.remove(product);
          graph.remove(sigmoid);
          graph.add(
              Node.of("QuickGelu", List.of(product.input(i)), product.outputs())
                  .in(Node.MICROSOFT)
                  .with("alpha", 1f));
          break;
        }
      }
    }
  }
}
