package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.Node;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads weights that serve both as embedding table and as output projection as they lie in the
 * file. A {@code Transpose} of a weight would be folded into a second copy in memory.
 */
final class TiedWeights {

  private TiedWeights() {}

  static void rewire(Graph graph) {
    Ops ops = new Ops(graph, "/patchkit/tied/");
    for (Node node : graph.nodes()) {
      String weight;
      if (node.is("MatMul") && (weight = transposed(graph, node.input(1))) != null) {
        graph.remove(node);
        graph.add(
            Node.of("FusedMatMul", List.of(node.input(0), weight), node.outputs())
                .in(Node.MICROSOFT)
                .with("transB", 1));
      } else if (node.is("Gather")
          && node.attribute("axis", 0) == 0
          && (weight = transposed(graph, node.input(0))) != null) {
        graph.remove(node);
        String columns = ops.op(ops.node("Gather", weight, node.input(1)).with("axis", 1));
        graph.add(
            Node.of("Transpose", List.of(columns), node.outputs())
                .with("perm", List.of(1L, 2L, 0L)));
      }
    }
  }

  /** The matrix of which {@code name} is the transpose, where that matrix is a weight. */
  private static @Nullable String transposed(Graph graph, String name) {
    Node node = graph.producer(name);
    if (node == null || !node.is("Transpose")) {
      return null;
    }
    Initializer matrix = graph.initializer(node.input(0));
    long[] perm = node.longs("perm");
    boolean swaps = perm == null || Arrays.equals(perm, new long[] {1, 0});
    return matrix != null && matrix.dims().length == 2 && swaps ? matrix.name() : null;
  }
}
