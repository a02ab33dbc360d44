package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Node;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values that the backward pass computes again from what is kept anyway, so that they need not be
 * kept themselves. Each hangs on the gradient that needs it, or the runtime would compute it at
 * once.
 */
final class Recomputed {

  private final Ops ops;
  private final Map<String, String> sigmoids = new HashMap<>();
  private final Map<String, String> products = new HashMap<>();

  Recomputed(Ops ops) {
    this.ops = ops;
  }

  /** σ(αx) for a {@code QuickGelu} node of x. */
  String sigmoid(Node node, String gradient) {
    return sigmoids.computeIfAbsent(
        node.output(0),
        key -> ops.op("Sigmoid", ops.scale(ops.after(node.input(0), gradient), alpha(node))));
  }

  /** x · σ(αx) for a {@code QuickGelu} node of x. */
  String product(Node node, String gradient) {
    return products.computeIfAbsent(
        node.output(0), key -> ops.mul(node.input(0), sigmoid(node, gradient)));
  }

  /** The value of {@code name}, computed again where that is cheap. */
  String value(String name, String gradient, boolean sameShape) {
    @Nullable Node producer = ops.graph().producer(name);
    return producer != null && producer.isMicrosoft("QuickGelu") && sameShape
        ? product(producer, gradient)
        : name;
  }

  static float alpha(Node quickGelu) {
    return quickGelu.attribute("alpha", 1.702f);
  }
}
