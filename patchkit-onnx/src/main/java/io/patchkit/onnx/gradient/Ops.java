package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Writes operators into a graph; every method returns the name of the tensor it computes. */
final class Ops {

  private final Graph graph;
  private final String scope;
  private final Map<String, String> constants = new HashMap<>();

  /**
   * @param scope with what the names of new tensors begin
   */
  Ops(Graph graph, String scope) {
    this.graph = graph;
    this.scope = scope;
  }

  Graph graph() {
    return graph;
  }

  String add(String a, String b) {
    return op("Add", a, b);
  }

  String sub(String a, String b) {
    return op("Sub", a, b);
  }

  String mul(String a, String b) {
    return op("Mul", a, b);
  }

  String div(String a, String b) {
    return op("Div", a, b);
  }

  String scale(String x, float factor) {
    return factor == 1 ? x : mul(x, scalar(factor));
  }

  /** Writes an operator of one output without attributes. */
  String op(String opType, String... inputs) {
    return op(Node.of(opType, List.of(inputs), List.of(name(opType))));
  }

  /** Writes a node that was made with {@link #node}. */
  String op(Node node) {
    return graph.add(node);
  }

  /** A node of one output under a new name, to be given attributes and then written. */
  Node node(String opType, String... inputs) {
    return Node.of(opType, List.of(inputs), List.of(name(opType)));
  }

  String name(String opType) {
    return graph.uniqueName(scope + opType);
  }

  /** α · op(a) · op(b), where op transposes the last two dimensions if so asked. */
  String matMul(String a, boolean transposeA, String b, boolean transposeB, float alpha) {
    if (!transposeA && !transposeB && alpha == 1) {
      return op("MatMul", a, b);
    }
    return op(
        node("FusedMatMul", a, b)
            .in(Node.MICROSOFT)
            .with("transA", transposeA ? 1 : 0)
            .with("transB", transposeB ? 1 : 0)
            .with("alpha", alpha));
  }

  String reduceSum(String x, boolean keepDims, long... axes) {
    return op(node("ReduceSum", x, longs(axes)).with("keepdims", keepDims ? 1 : 0));
  }

  String reshape(String x, String shape) {
    return op("Reshape", x, shape);
  }

  String reshape(String x, long... shape) {
    return op("Reshape", x, longs(shape));
  }

  String transpose(String x, long... perm) {
    return op(node("Transpose", x).with("perm", Arrays.stream(perm).boxed().toList()));
  }

  /**
   * x itself, but not before {@code later}, which has the same shape, is computed. Costs nothing.
   */
  String after(String x, String later) {
    return reshape(x, shape(later));
  }

  String unsqueeze(String x, long... axes) {
    return op("Unsqueeze", x, longs(axes));
  }

  String squeeze(String x, long... axes) {
    return op("Squeeze", x, longs(axes));
  }

  String cast(String x, ElementType type) {
    return op(node("Cast", x).with("to", type.number()));
  }

  String softmax(String x) {
    return op(node("Softmax", x).with("axis", -1));
  }

  String concat(long axis, List<String> parts) {
    return op(Node.of("Concat", parts, List.of(name("Concat"))).with("axis", axis));
  }

  /** x[begin … end) along one axis. */
  String slice(String x, long axis, String begin, String end) {
    return op("Slice", x, begin, end, longs(axis));
  }

  List<String> split(String x, long axis, String sizes, int parts) {
    List<String> outputs = new ArrayList<>();
    for (int i = 0; i < parts; i++) {
      outputs.add(name("Split"));
    }
    graph.add(Node.of("Split", List.of(x, sizes), outputs).with("axis", axis));
    return outputs;
  }

  /** The whole shape of x, int64 [rank]. */
  String shape(String x) {
    return op("Shape", x);
  }

  /** One dimension of x, int64 [1]. */
  String dim(String x, long axis) {
    return op(node("Gather", shape(x), longs(axis)).with("axis", 0));
  }

  /** A constant int64 vector. */
  String longs(long... values) {
    return constants.computeIfAbsent(
        Arrays.toString(values), key -> graph.constant(scope + "int64", Tensor.ofLongs(values)));
  }

  /** A constant int64 without dimensions. */
  String scalar(long value) {
    return constants.computeIfAbsent(
        "scalar " + value, key -> graph.constant(scope + "int64", Tensor.scalar(value)));
  }

  /** A constant float without dimensions. */
  String scalar(float value) {
    return constants.computeIfAbsent(
        "float " + value, key -> graph.constant(scope + "float", Tensor.scalar(value)));
  }
}
