package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.ExternalData;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.Node;

/**
 * Products of matrices. A weight is read as it lies in its file: transposing it would be folded
 * into a second copy when the session opens.
 */
final class MatrixRules {

  private MatrixRules() {}

  /** Y = α · op(A) · op(B), MatMul included. */
  static void fusedMatMul(Node node, Pullback context) {
    boolean transposeA = node.attribute("transA", 0) != 0;
    boolean transposeB = node.attribute("transB", 0) != 0;
    float alpha = node.attribute("alpha", 1f);
    if (node.attribute("transBatchA", 0) != 0 || node.attribute("transBatchB", 0) != 0) {
      throw context.refuse("batch dimensions are transposed");
    }
    if (context.shapes().rank(node.input(0)) < 2 || context.shapes().rank(node.input(1)) < 2) {
      throw context.refuse("an operand is a vector");
    }
    product(node, context, transposeA, transposeB, alpha);
  }

  /** Y = α · op(A) · op(B) + β · C. */
  static void gemm(Node node, Pullback context) {
    boolean transposeA = node.attribute("transA", 0) != 0;
    boolean transposeB = node.attribute("transB", 0) != 0;
    product(node, context, transposeA, transposeB, node.attribute("alpha", 1f));
    if (context.wants(2)) {
      String gradient = context.ops().scale(context.gradient(), node.attribute("beta", 1f));
      context.giveBroadcast(2, gradient, node.output(0));
    }
  }

  private static void product(
      Node node, Pullback context, boolean transposeA, boolean transposeB, float alpha) {
    Ops ops = context.ops();
    String a = node.input(0);
    String b = node.input(1);
    String g = context.gradient();
    if (context.wants(0)) {
      String gradient =
          transposeA
              ? ops.matMul(b, transposeB, g, true, alpha)
              : ops.matMul(g, false, b, !transposeB, alpha);
      context.give(0, sumBatch(context, a, gradient, node.output(0)));
    }
    if (context.wants(1)) {
      String gradient =
          transposeB
              ? ops.matMul(g, true, a, transposeA, alpha)
              : ops.matMul(a, !transposeA, g, false, alpha);
      context.give(1, sumBatch(context, b, gradient, node.output(0)));
    }
  }

  /** Sums over batch dimensions along which an operand was repeated; {@code like} has them all. */
  private static String sumBatch(Pullback context, String operand, String gradient, String like) {
    Shapes shapes = context.shapes();
    int rank = shapes.rank(operand);
    int extra = shapes.rank(like) - rank;
    String sum = gradient;
    for (int axis = 0; axis < extra; axis++) {
      sum = context.ops().reduceSum(sum, false, 0);
    }
    for (int axis = 0; axis < rank - 2; axis++) {
      if (shapes.isOne(operand, axis) && !shapes.isOne(like, axis + extra)) {
        sum = context.ops().reduceSum(sum, true, axis);
      }
    }
    return sum;
  }

  /**
   * Y = X · Wᵀ + bias with W [N, K] in blocks of 4 or 8 bits. W is expanded for the one product, by
   * gathering all its rows; the row numbers are made from the gradient's shape, so that no weight
   * is expanded before its turn.
   */
  static void matMulNBits(Node node, Pullback context) {
    if (!node.input(4).isEmpty()) {
      throw context.refuse("columns are permuted (g_idx)");
    }
    long k = node.attribute("K", 0);
    long n = node.attribute("N", 0);
    long bits = node.attribute("bits", 4);
    long block = node.attribute("block_size", 0);
    if (k % block != 0) {
      throw context.refuse("K = " + k + " is no multiple of its block of " + block);
    }
    if (!node.input(3).isEmpty() && context.shapes().isFloatingPoint(node.input(3))) {
      throw context.refuse("zero points are floating-point numbers");
    }
    Ops ops = context.ops();
    String g = context.gradient();
    String size = ops.op(ops.node("Gather", ops.shape(g), ops.scalar(-1L)));
    String rows = ops.op("Range", ops.scalar(0L), size, ops.scalar(1L));
    String data = view(context, node.input(1), n, k * bits / 8);
    String scales = view(context, node.input(2), n, k / block);
    Node expand =
        node.input(3).isEmpty()
            ? ops.node("GatherBlockQuantized", data, rows, scales)
            : ops.node(
                "GatherBlockQuantized",
                data,
                rows,
                scales,
                view(context, node.input(3), n, (k / block * bits + 7) / 8));
    String weight =
        ops.op(
            expand
                .in(Node.MICROSOFT)
                .with("gather_axis", 0)
                .with("quantize_axis", 1)
                .with("block_size", block)
                .with("bits", bits));
    context.give(0, ops.matMul(g, false, weight, false, 1));
  }

  /** The same bytes of the same file under other dimensions. */
  private static String view(Pullback context, String weight, long... dims) {
    Initializer initializer = context.graph().initializer(weight);
    if (initializer == null) {
      throw context.refuse("\"" + weight + "\" is computed");
    }
    if (java.util.Arrays.equals(initializer.dims(), dims)) {
      return weight;
    }
    String name = weight + "/" + java.util.Arrays.toString(dims);
    if (context.graph().initializer(name) == null) {
      ExternalData external = initializer.external();
      context
          .graph()
          .add(
              external == null
                  ? Initializer.of(name, initializer.value().reshape(dims))
                  : Initializer.external(name, initializer.type(), dims, external));
    }
    return name;
  }
}
