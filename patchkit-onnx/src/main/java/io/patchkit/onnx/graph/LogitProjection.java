package io.patchkit.onnx.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The matrix product of hidden states and a constant weight from which logits follow element by
 * element: by a bias, a scale, a soft cap.
 *
 * @param product takes hidden states as its first input
 * @param hidden the hidden states of all positions, also where the export computes logits at the
 *     last position only; else the product's first input
 * @param reshapes what gives the logits other dimensions behind the product, the last one first
 */
public record LogitProjection(Node product, String hidden, List<Node> reshapes) {

  private static final Set<String> ELEMENTWISE =
      Set.of("Cast", "Identity", "Mul", "Div", "Add", "Sub", "Tanh", "Clip");

  private static final Set<String> RESHAPING = Set.of("Reshape", "Unsqueeze", "Squeeze");

  private static final Set<String> SELECTING = Set.of("Slice", "Gather", "GatherND");

  public LogitProjection {
    reshapes = List.copyOf(reshapes);
  }

  /** Finds the product behind an output of logits; null where there is none. */
  public static @Nullable LogitProjection find(Graph graph, String logits) {
    List<Node> reshapes = new ArrayList<>();
    Node node = graph.producer(logits);
    while (node != null && !isProjection(graph, node)) {
      String computed = node.input(0);
      if (RESHAPING.contains(node.opType())) {
        reshapes.add(node);
      } else if (!ELEMENTWISE.contains(node.opType())) {
        return null;
      } else if (node.inputs().size() > 1 && graph.isConstant(computed)) {
        // Of two operands, the computed one leads back to the hidden states.
        computed = node.input(1);
      } else if (!node.input(1).isEmpty() && !graph.isConstant(node.input(1))) {
        return null;
      }
      node = graph.producer(computed);
    }
    return node == null
        ? null
        : new LogitProjection(node, everyPosition(graph, node.input(0)), reshapes);
  }

  private static boolean isProjection(Graph graph, Node node) {
    boolean isProduct =
        node.is("MatMul")
            || node.is("Gemm")
            || node.isMicrosoft("FusedMatMul")
            || node.isMicrosoft("MatMulNBits");
    return isProduct && node.attribute("transA", 0) == 0 && graph.isConstant(node.input(1));
  }

  /** Whether the export computes logits at some positions only, which {@link #hidden} undoes. */
  public boolean selects() {
    return !hidden.equals(product.input(0));
  }

  /** The hidden states before an export's choice of the last position. */
  private static String everyPosition(Graph graph, String hidden) {
    Node node = graph.producer(hidden);
    if (node != null && node.is("Unsqueeze")) {
      // Gives back the dimension that a Gather of one position has taken away.
      node = graph.producer(node.input(0));
      if (node != null && !node.is("Gather")) {
        return hidden;
      }
    }
    if (node == null || !SELECTING.contains(node.opType()) || graph.isConstant(node.input(0))) {
      return hidden;
    }
    return node.input(0);
  }
}
