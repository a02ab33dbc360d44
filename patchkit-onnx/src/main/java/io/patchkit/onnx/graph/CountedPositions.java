package io.patchkit.onnx.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets the rows of a batch stand at positions of their own.
 *
 * <p>Some exports (Gemma by optimum) have no input of positions: the graph counts them on from the
 * width of its past, the same for all rows, so that a row that is padded in front would be turned
 * too far by the rotary embedding. With this surgery the rotary embedding reads a new input, int64
 * [batch, tokens]. What else reads the count, such as the causal mask, which compares it with
 * columns of the past, goes on reading the count.
 *
 * <p>The one form that is recognised: {@code Range(past, past + tokens, 1)} with a leading
 * dimension put before it, from which all {@code Cos} and {@code Sin} of the graph follow by
 * products with constants, and whose results enter the heads as [batch, 1, tokens, width].
 */
public final class CountedPositions {

  private static final int PAST_AXIS = 2;

  private static final Set<String> ANGLE_OPS =
      Set.of("Cast", "Identity", "Unsqueeze", "Expand", "Transpose", "Concat", "MatMul", "Mul");

  private final Graph graph;
  private final Set<Node> readers = new HashSet<>();
  private @Nullable String counted;

  private CountedPositions(Graph graph) {
    this.graph = graph;
  }

  /**
   * Puts an input in the place of the counted positions of the rotary embedding.
   *
   * @param positions the new input's name
   * @return false if the form was not recognised, or the input is there; the graph is then left as
   *     it is
   */
  public static boolean expose(Graph graph, String positions) {
    CountedPositions found = new CountedPositions(graph);
    if (graph.input(positions) != null || !found.isRecognised()) {
      return false;
    }
    graph.addInput(
        TensorInfo.of(positions, ElementType.INT64, Dim.of("batch"), Dim.of("positions")));
    for (Node reader : found.readers) {
      graph.replaceInput(reader, 0, positions);
    }
    graph.clearValueInfos();
    return true;
  }

  private boolean isRecognised() {
    for (Node node : graph.nodes()) {
      boolean isRotary = node.is("Cos") || node.is("Sin");
      if (isRotary && !(followsFromCount(node.input(0)) && entersHeads(node.output(0)))) {
        return false;
      }
    }
    return counted != null;
  }

  /** Whether a tensor depends on the counted positions and otherwise on constants only. */
  private boolean followsFromCount(String angles) {
    Deque<String> open = new ArrayDeque<>(List.of(angles));
    Set<String> seen = new HashSet<>();
    while (!open.isEmpty()) {
      Node node = graph.producer(open.remove());
      if (node == null || !keepsBatchFirst(node)) {
        return false;
      }
      for (String operand : operands(node)) {
        if (isCount(operand)) {
          if (!node.is("Cast") && !node.is("Unsqueeze")) {
            return false;
          }
          readers.add(node);
        } else if (!isConstantData(operand) && seen.add(operand)) {
          open.add(operand);
        }
      }
    }
    return true;
  }

  /** The inputs that are numbers, not shapes or axes. */
  private static List<String> operands(Node node) {
    boolean isProduct = node.is("Mul") || node.is("MatMul") || node.is("Concat");
    return isProduct ? node.inputs() : node.inputs().subList(0, 1);
  }

  /** Whether an operator leaves the rows of the batch in front and apart. */
  private boolean keepsBatchFirst(Node node) {
    if (node.is("Transpose")) {
      return Arrays.equals(node.longs("perm"), new long[] {0, 2, 1});
    }
    if (node.is("Concat")) {
      long axis = node.attribute("axis", 0);
      return axis == -1 || axis == 2;
    }
    if (node.is("Unsqueeze")) {
      return isAxis(node, 1) || isAxis(node, 2);
    }
    return node.domain().isEmpty() && ANGLE_OPS.contains(node.opType());
  }

  /** Whether a tensor holds a constant, perhaps repeated as often as there are rows. */
  private boolean isConstantData(String name) {
    String data = name;
    Node node = graph.producer(data);
    while (node != null && (node.is("Cast") || node.is("Expand") || node.is("Identity"))) {
      data = node.input(0);
      node = graph.producer(data);
    }
    return graph.isConstant(data);
  }

  /** Whether a tensor is {@code Range(past, past + tokens, 1)} as [1, tokens], the only one. */
  private boolean isCount(String name) {
    Node row = graph.producer(name);
    if (row == null || !row.is("Unsqueeze") || !isAxis(row, 0)) {
      return false;
    }
    Node range = graph.producer(row.input(0));
    if (range == null || !range.is("Range") || !isNumber(range.input(2), 1)) {
      return false;
    }
    if (!isPastWidth(range.input(0)) || (counted != null && !counted.equals(name))) {
      return false;
    }
    counted = name;
    return true;
  }

  /** Whether a number is how many positions the past has. */
  private boolean isPastWidth(String name) {
    Node node = graph.producer(name);
    while (node != null && (node.is("Cast") || node.is("Identity") || node.is("Squeeze"))) {
      node = graph.producer(node.input(0));
    }
    if (node == null || !node.is("Gather") || !isNumber(node.input(1), PAST_AXIS)) {
      return false;
    }
    Node shape = graph.producer(node.input(0));
    TensorInfo past = shape == null || !shape.is("Shape") ? null : graph.input(shape.input(0));
    return past != null && past.dims() != null && past.dims().size() == 4;
  }

  /** Whether cosines or sines meet the heads as [batch, 1, tokens, width] and nowhere else. */
  private boolean entersHeads(String rotation) {
    List<Node> readers = new ArrayList<>(graph.consumers(rotation));
    if (readers.isEmpty() || graph.output(rotation) != null) {
      return false;
    }
    for (Node reader : readers) {
      boolean goesOn =
          reader.is("Cast")
              || reader.is("Identity")
              || (reader.is("Mul")
                  && (graph.isConstant(reader.input(0)) || graph.isConstant(reader.input(1))));
      if (goesOn ? !entersHeads(reader.output(0)) : !reader.is("Unsqueeze") || !isAxis(reader, 1)) {
        return false;
      }
    }
    return true;
  }

  private boolean isAxis(Node unsqueeze, long axis) {
    long[] axes = unsqueeze.longs("axes");
    if (axes == null) {
      Tensor constant = graph.constant(unsqueeze.input(1));
      axes = constant == null ? new long[0] : constant.longs();
    }
    return axes.length == 1 && axes[0] == axis;
  }

  private boolean isNumber(String name, long value) {
    Tensor constant = graph.constant(name);
    return constant != null
        && constant.type() == ElementType.INT64
        && constant.size() == 1
        && constant.longs()[0] == value;
  }
}
