package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Node;

/** Operators that move elements without changing them, and rotations. */
final class LayoutRules {

  private LayoutRules() {}

  /** Reshape, Flatten, Squeeze and Unsqueeze alike. */
  static void reshape(Node node, Pullback context) {
    Ops ops = context.ops();
    context.give(0, ops.reshape(context.gradient(), ops.shape(node.input(0))));
  }

  static void transpose(Node node, Pullback context) {
    long[] perm = node.longs("perm");
    int rank = context.shapes().rank(node.input(0));
    long[] inverse = new long[rank];
    for (int i = 0; i < rank; i++) {
      inverse[perm == null ? rank - 1 - i : (int) perm[i]] = i;
    }
    context.give(0, context.ops().transpose(context.gradient(), inverse));
  }

  static void expand(Node node, Pullback context) {
    context.giveBroadcast(0, context.gradient(), node.output(0));
  }

  /**
   * Pairs of elements rotated by an angle (Su et al., arXiv 2104.09864); the transposed rotation is
   * the one by the negative angle.
   */
  static void rotaryEmbedding(Node node, Pullback context) {
    Ops ops = context.ops();
    String negated = ops.op("Neg", node.input(3));
    Node back =
        ops.node("RotaryEmbedding", context.gradient(), node.input(1), node.input(2), negated)
            .in(Node.MICROSOFT);
    for (String attribute : new String[] {"interleaved", "num_heads", "rotary_embedding_dim"}) {
      back = back.with(attribute, node.attribute(attribute, 0));
    }
    if (node.attribute("scale", 1f) != 1) {
      throw context.refuse("the result is scaled");
    }
    context.give(0, ops.op(back));
  }
}
