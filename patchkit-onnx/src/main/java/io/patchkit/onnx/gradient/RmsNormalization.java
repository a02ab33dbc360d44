package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * w · x / √(mean x² + ε) as one operator (Zhang and Sennrich, arXiv 1910.07467). Exports write it
 * as seven, each of which would keep a tensor of the hidden width for the backward pass.
 */
final class RmsNormalization {

  private RmsNormalization() {}

  /** Joins every chain of Pow, ReduceMean, Add, Sqrt, Div, Mul and Mul by a weight. */
  static void join(Graph graph) {
    for (Node last : graph.nodes()) {
      if (!last.is("Mul")) {
        continue;
      }
      for (int i = 0; i < 2; i++) {
        Initializer weight = graph.initializer(last.input(i));
        if (weight != null && weight.dims().length == 1 && join(graph, last, weight, 1 - i)) {
          break;
        }
      }
    }
  }

  private static boolean join(Graph graph, Node last, Initializer weight, int normalised) {
    Node scaled = producer(graph, last.input(normalised), "Mul");
    if (scaled == null) {
      return false;
    }
    for (int i = 0; i < 2; i++) {
      String x = scaled.input(i);
      Tensor epsilon = epsilon(graph, x, scaled.input(1 - i));
      if (epsilon != null) {
        graph.remove(last);
        graph.add(
            Node.of("SimplifiedLayerNormalization", List.of(x, weight.name()), last.outputs())
                .with("axis", -1)
                .with("stash_type", 1)
                .with("epsilon", epsilon.floats()[0]));
        return true;
      }
    }
    return false;
  }

  /** The ε of {@code inverse} = 1/√(mean x² + ε), or null where it is something else. */
  private static @Nullable Tensor epsilon(Graph graph, String x, String inverse) {
    Node quotient = graph.producer(inverse);
    String root;
    if (quotient != null && quotient.is("Reciprocal")) {
      root = quotient.input(0);
    } else if (quotient != null
        && quotient.is("Div")
        && isScalar(graph.constant(quotient.input(0)), 1)) {
      root = quotient.input(1);
    } else {
      return null;
    }
    Node sqrt = producer(graph, root, "Sqrt");
    Node sum = sqrt == null ? null : producer(graph, sqrt.input(0), "Add");
    if (sum == null) {
      return null;
    }
    int constant = graph.isConstant(sum.input(0)) ? 0 : 1;
    Tensor epsilon = graph.constant(sum.input(constant));
    Node mean = producer(graph, sum.input(1 - constant), "ReduceMean");
    boolean matches =
        epsilon != null
            && epsilon.size() == 1
            && mean != null
            && isOverLastAxis(graph, mean)
            && isSquare(graph, mean.input(0), x);
    return matches ? epsilon : null;
  }

  private static boolean isOverLastAxis(Graph graph, Node mean) {
    Tensor input = mean.input(1).isEmpty() ? null : graph.constant(mean.input(1));
    long[] axes = input == null ? mean.longs("axes") : input.longs();
    return mean.attribute("keepdims", 1) == 1 && Arrays.equals(axes, new long[] {-1});
  }

  private static boolean isSquare(Graph graph, String name, String x) {
    Node square = graph.producer(name);
    if (square == null || !square.input(0).equals(x)) {
      return false;
    }
    boolean isProduct = square.is("Mul") && square.input(1).equals(x);
    return isProduct || (square.is("Pow") && isScalar(graph.constant(square.input(1)), 2));
  }

  private static boolean isScalar(@Nullable Tensor tensor, float value) {
    return tensor != null && tensor.size() == 1 && tensor.floats()[0] == value;
  }

  /** The node of that operator that computes {@code name}, looking through casts and copies. */
  private static @Nullable Node producer(Graph graph, String name, String opType) {
    Node node = graph.producer(name);
    while (node != null && (node.is("Cast") || node.is("Identity"))) {
      node = graph.producer(node.input(0));
    }
    return node != null && node.is(opType) ? node : null;
  }
}
