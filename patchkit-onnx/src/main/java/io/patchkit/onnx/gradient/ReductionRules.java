package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Node;

/** Sums and means along axes: every element that went in receives the gradient that came out. */
final class ReductionRules {

  private ReductionRules() {}

  static void reduceSum(Node node, Pullback context) {
    context.give(0, spread(node, context, context.gradient(), axes(node, context)));
  }

  static void reduceMean(Node node, Pullback context) {
    long[] axes = axes(node, context);
    Ops ops = context.ops();
    long count = 1;
    for (long axis : axes) {
      long size = context.shapes().size(node.input(0), (int) axis);
      if (size < 0) {
        throw context.refuse("the mean is over a number of elements that depends on the batch");
      }
      count *= size;
    }
    context.give(0, spread(node, context, ops.scale(context.gradient(), 1f / count), axes));
  }

  private static String spread(Node node, Pullback context, String gradient, long[] axes) {
    Ops ops = context.ops();
    boolean keepsDims = node.attribute("keepdims", 1) != 0;
    String kept = keepsDims ? gradient : ops.unsqueeze(gradient, axes);
    return ops.op("Expand", kept, ops.shape(node.input(0)));
  }

  /** The reduced axes; an attribute in old operator sets, an input in new ones; none means all. */
  private static long[] axes(Node node, Pullback context) {
    long[] axes = node.longs("axes");
    if (axes == null && !node.input(1).isEmpty()) {
      axes = context.integers(1);
    }
    if (axes != null && axes.length > 0) {
      return axes;
    }
    if (node.attribute("noop_with_empty_axes", 0) != 0) {
      throw context.refuse("no axis is reduced");
    }
    axes = new long[context.shapes().rank(node.input(0))];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = i;
    }
    return axes;
  }
}
