package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a rule sees of the reverse walk while it differentiates one node. */
final class Pullback {

  private final Node node;
  private final Ops ops;
  private final Shapes shapes;
  private final Cotangents cotangents;
  private final Set<String> active;
  private final Recomputed recomputed;

  /**
   * @param active the tensors that depend on the prefix and lead to the objective
   */
  Pullback(
      Node node,
      Ops ops,
      Shapes shapes,
      Cotangents cotangents,
      Set<String> active,
      Recomputed recomputed) {
    this.node = node;
    this.ops = ops;
    this.shapes = shapes;
    this.cotangents = cotangents;
    this.active = active;
    this.recomputed = recomputed;
  }

  Ops ops() {
    return ops;
  }

  Graph graph() {
    return ops.graph();
  }

  Shapes shapes() {
    return shapes;
  }

  /** ∂J/∂output 0. */
  String gradient() {
    String gradient = gradient(0);
    if (gradient == null) {
      throw refuse("no gradient at its first output");
    }
    return gradient;
  }

  /** ∂J/∂output {@code index}, or null where the objective does not depend on it. */
  @Nullable String gradient(int index) {
    String name = node.output(index);
    return name.isEmpty() ? null : cotangents.total(name);
  }

  Recomputed recomputed() {
    return recomputed;
  }

  /** The value of input {@code index}, for a product with the gradient. */
  String operand(int index) {
    String name = node.input(index);
    boolean sameShape = shapes.isKnown(name) && shapes.isSameShape(name, node.output(0));
    return recomputed.value(name, gradient(), sameShape);
  }

  /** True where the gradient with respect to input {@code index} is wanted. */
  boolean wants(int index) {
    return active.contains(node.input(index));
  }

  /** Hands over ∂J/∂input {@code index}, in the shape of that input. */
  void give(int index, String gradient) {
    cotangents.add(node.input(index), gradient);
  }

  /** Hands over the part of ∂J/∂input {@code index} at begin … end of a static axis. */
  void givePart(int index, int axis, long begin, long end, String gradient) {
    cotangents.addPart(node.input(index), axis, begin, end, gradient);
  }

  /**
   * Hands over a gradient in the shape of {@code like}, of which the input was broadcast: sums over
   * the dimensions along which it was repeated.
   */
  void giveBroadcast(int index, String gradient, String like) {
    give(index, sumTo(node.input(index), gradient, like));
  }

  String sumTo(String operand, String gradient, String like) {
    int extra = shapes.rank(like) - shapes.rank(operand);
    List<Long> leading = new ArrayList<>();
    List<Long> repeated = new ArrayList<>();
    for (int axis = 0; axis < shapes.rank(like); axis++) {
      if (axis < extra) {
        leading.add((long) axis);
      } else if (shapes.isOne(operand, axis - extra) && !shapes.isOne(like, axis)) {
        repeated.add((long) axis - extra);
      }
    }
    String sum = gradient;
    if (!leading.isEmpty()) {
      sum = ops.reduceSum(sum, false, array(leading));
    }
    return repeated.isEmpty() ? sum : ops.reduceSum(sum, true, array(repeated));
  }

  /** The integers of a constant input; refuses the node where they depend on the batch. */
  long[] integers(int index) {
    long[] values = shapes.integers(node.input(index));
    if (values == null) {
      throw refuse("input " + index + " depends on the batch");
    }
    return values;
  }

  UnsupportedModelException refuse(String reason) {
    return new UnsupportedModelException(
        "Expected a form of " + node + " that can be differentiated, found one where " + reason);
  }

  private static long[] array(List<Long> list) {
    return list.stream().mapToLong(Long::longValue).toArray();
  }
}
