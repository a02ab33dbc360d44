package io.patchkit.onnx.gradient;

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
   * Y = X · Wᵀ + bias with W [N, K] in blocks of 4 or 8 bits. W is expanded for the one product;
   * its scales pass through a shape that depends on the gradient, so that no weight is expanded
   * before its turn.
   */
  static void matMulNBits(Node node, Pullback context) {
    if (!node.input(4).isEmpty()) {
      throw context.refuse("columns are permuted (g_idx)");
    }
    if (!node.input(3).isEmpty() && context.shapes().isFloatingPoint(node.input(3))) {
      throw context.refuse("zero points are floating-point numbers");
    }
    BlockWeight weight = BlockWeight.of(node, context.graph());
    context.give(
        0, context.ops().matMul(context.gradient(), false, weight.expand(context), false, 1));
  }
}
