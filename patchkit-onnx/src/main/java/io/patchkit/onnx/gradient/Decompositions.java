package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Node;
import java.util.List;

/** Takes fused operators apart into operators that have a derivative of their own. */
final class Decompositions {

  /** ε of the operators that add a residual first, where the node has none. */
  private static final float SKIP_EPSILON = 1e-12f;

  /** ε of the standard operators, where the node has none. */
  private static final float STANDARD_EPSILON = 1e-5f;

  private Decompositions() {}

  /** Takes apart every fused operator of a graph whose outputs have been settled. */
  static void apply(Graph graph, Attention attention) {
    Ops ops = new Ops(graph, "/patchkit/forward/");
    for (Node node : graph.nodes()) {
      switch (node.domain() + "." + node.opType()) {
        case "com.microsoft.SkipSimplifiedLayerNormalization" -> skipRmsNormalization(ops, node);
        case "com.microsoft.SkipLayerNormalization" -> skipLayerNormalization(ops, node);
        case "com.microsoft.BiasGelu" -> biasGelu(ops, node);
        case "com.microsoft.MatMulNBits" -> {
          // Level 4 rounds the activations to 8 bits, which has no derivative.
          graph.remove(node);
          graph.add(node.with("accuracy_level", 1));
        }
        case ".RMSNormalization" -> rmsNormalization(ops, node);
        case "com.microsoft.GroupQueryAttention" -> attention.groupQuery(ops, node);
        case "com.microsoft.MultiHeadAttention" -> attention.multiHead(ops, node);
        default -> {}
      }
    }
  }

  /** s = input + skip (+ bias); y = normalised s. Output 3 is s. */
  private static void skipRmsNormalization(Ops ops, Node node) {
    ops.graph().remove(node);
    String sum = sum(ops, node, node.input(3));
    rmsNormalization(ops, node, sum, node.input(2), -1, SKIP_EPSILON);
  }

  private static void skipLayerNormalization(Ops ops, Node node) {
    ops.graph().remove(node);
    String sum = sum(ops, node, node.input(4));
    List<String> inputs =
        node.input(3).isEmpty()
            ? List.of(sum, node.input(2))
            : List.of(sum, node.input(2), node.input(3));
    ops.op(
        Node.of("LayerNormalization", inputs, List.of(node.output(0)))
            .with("axis", -1)
            .with("epsilon", node.attribute("epsilon", SKIP_EPSILON)));
  }

  private static String sum(Ops ops, Node node, String bias) {
    String name = node.output(3).isEmpty() ? ops.name("Add") : node.output(3);
    if (bias.isEmpty()) {
      return ops.op(Node.of("Add", List.of(node.input(0), node.input(1)), List.of(name)));
    }
    String sum = ops.add(node.input(0), node.input(1));
    return ops.op(Node.of("Add", List.of(sum, bias), List.of(name)));
  }

  private static void rmsNormalization(Ops ops, Node node) {
    ops.graph().remove(node);
    // The rule refuses an axis that is not the last.
    long axis = node.attribute("axis", -1);
    rmsNormalization(ops, node, node.input(0), node.input(1), axis, STANDARD_EPSILON);
  }

  private static void rmsNormalization(
      Ops ops, Node node, String x, String weight, long axis, float epsilon) {
    ops.op(
        Node.of("SimplifiedLayerNormalization", List.of(x, weight), List.of(node.output(0)))
            .with("axis", axis)
            .with("stash_type", 1)
            .with("epsilon", node.attribute("epsilon", epsilon)));
  }

  private static void biasGelu(Ops ops, Node node) {
    ops.graph().remove(node);
    String sum = ops.add(node.input(0), node.input(1));
    ops.op(Node.of("Gelu", List.of(sum), List.of(node.output(0))).in(Node.MICROSOFT));
  }
}
