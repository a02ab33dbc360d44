package io.patchkit.onnx.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Computes logits only where they are wanted.
 *
 * <p>The projection onto the vocabulary costs as much as several layers, and a prompt needs it at
 * its last position only. With this surgery a new input {@value #POSITIONS} names, for all rows of
 * the batch, the positions whose logits are computed: int64 [K], each from 0 to tokens − 1, and the
 * logits become [batch, K, vocabulary].
 */
public final class SelectedPositions {

  /** The input that names positions. */
  public static final String POSITIONS = "logit_positions";

  private static final Set<String> ELEMENTWISE =
      Set.of("Cast", "Identity", "Mul", "Div", "Add", "Sub", "Tanh", "Clip");

  private static final Set<String> SELECTING = Set.of("Slice", "Gather", "GatherND");

  private SelectedPositions() {}

  /** What became of the graph. */
  public enum Outcome {
    /** Logits are computed where {@value SelectedPositions#POSITIONS} says. */
    SELECTED,
    /** The graph computes logits at the last position only; it was left as it is. */
    LAST_POSITION_ONLY,
    /** The projection was not recognised; the graph was left as it is and computes all logits. */
    UNRECOGNISED
  }

  /**
   * Puts a selection before the projection that computes {@code logits}.
   *
   * @param logits the name of the output [batch, tokens, vocabulary]
   */
  public static Outcome select(Graph graph, String logits) {
    TensorInfo declared = graph.output(logits);
    Node projection = projection(graph, logits);
    if (declared == null || projection == null) {
      return Outcome.UNRECOGNISED;
    }
    String hidden = projection.input(0);
    Node before = graph.producer(hidden);
    boolean selectsAlready = before != null && SELECTING.contains(before.opType());
    if (declared.size(1) == 1 || selectsAlready) {
      return Outcome.LAST_POSITION_ONLY;
    }
    graph.addInput(TensorInfo.of(POSITIONS, ElementType.INT64, Dim.of("logit_positions")));
    String selected = graph.uniqueName("/patchkit/selected_positions");
    graph.add(Node.of("Gather", List.of(hidden, POSITIONS), List.of(selected)).with("axis", 1));
    graph.replaceInput(projection, 0, selected);
    if (declared.dims() != null && declared.dims().size() == 3) {
      List<Dim> dims = new ArrayList<>(declared.dims());
      dims.set(1, Dim.of("logit_positions"));
      graph.addOutput(new TensorInfo(logits, declared.type(), dims));
    }
    graph.clearValueInfos();
    return Outcome.SELECTED;
  }

  /**
   * The matrix product of hidden states and a constant weight from which {@code logits} follow
   * element by element (a bias, a scale, a soft cap), or null. {@code Gemm} is none, for it takes
   * the positions of all rows as one dimension.
   */
  static @Nullable Node projection(Graph graph, String logits) {
    Node node = graph.producer(logits);
    while (node != null) {
      if (isProduct(node) && graph.isConstant(node.input(1))) {
        return node;
      }
      if (!ELEMENTWISE.contains(node.opType())) {
        return null;
      }
      // Of two operands, the computed one leads back to the hidden states.
      boolean second = node.inputs().size() > 1 && graph.isConstant(node.input(0));
      if (node.inputs().size() > 1 && !second && !graph.isConstant(node.input(1))) {
        return null;
      }
      node = graph.producer(node.input(second ? 1 : 0));
    }
    return null;
  }

  private static boolean isProduct(Node node) {
    boolean fused = node.isMicrosoft("FusedMatMul") && node.attribute("transA", 0) == 0;
    return fused || node.is("MatMul") || node.isMicrosoft("MatMulNBits");
  }
}
