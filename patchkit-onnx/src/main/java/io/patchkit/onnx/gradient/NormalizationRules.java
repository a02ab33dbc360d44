package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Node;
import java.util.ArrayList;
import java.util.List;

/** Operators that normalise along the last axis. */
final class NormalizationRules {

  private NormalizationRules() {}

  /** t − y · Σt with t = g · y. */
  static void softmax(Node node, Pullback context) {
    int axis = context.shapes().axis(node.input(0), node.attribute("axis", -1));
    Ops ops = context.ops();
    String y = node.output(0);
    String t = ops.mul(context.gradient(), y);
    String sum = ops.reduceSum(t, true, axis);
    context.give(0, ops.sub(t, ops.mul(y, sum)));
  }

  /** y = w · x · r with r = 1/√(mean x² + ε): r · (gw − x̂ · mean(gw · x̂)) with x̂ = x · r. */
  static void rmsNormalization(Node node, Pullback context) {
    requireLastAxis(node, context);
    Ops ops = context.ops();
    String r = output(node, context, 1);
    String gw = ops.mul(context.gradient(), node.input(1));
    String normal = ops.mul(node.input(0), r);
    String mean = mean(ops, ops.mul(gw, normal), width(node, context));
    context.give(0, ops.mul(ops.sub(gw, ops.mul(normal, mean)), r));
  }

  /** The same with x̂ = (x − mean x) · r, and less the mean of gw. */
  static void layerNormalization(Node node, Pullback context) {
    requireLastAxis(node, context);
    Ops ops = context.ops();
    String average = output(node, context, 1);
    String r = output(node, context, 2);
    String gw = ops.mul(context.gradient(), node.input(1));
    String normal = ops.mul(ops.sub(node.input(0), average), r);
    String mean = mean(ops, ops.mul(gw, normal), width(node, context));
    String centred = ops.sub(gw, mean(ops, gw, width(node, context)));
    context.give(0, ops.mul(ops.sub(centred, ops.mul(normal, mean)), r));
  }

  private static void requireLastAxis(Node node, Pullback context) {
    int rank = context.shapes().rank(node.input(0));
    if (context.shapes().axis(node.input(0), node.attribute("axis", -1)) != rank - 1) {
      throw context.refuse("several axes are normalised together");
    }
    if (context.wants(1) || context.wants(2)) {
      throw context.refuse("its scale or bias depends on the prefix");
    }
  }

  private static long width(Node node, Pullback context) {
    long width = context.shapes().size(node.input(0), -1);
    if (width < 0) {
      throw context.refuse("the normalised dimension depends on the batch");
    }
    return width;
  }

  private static String mean(Ops ops, String x, long width) {
    return ops.scale(ops.reduceSum(x, true, -1), 1f / width);
  }

  /** Output {@code index}, which the forward node computes anyway and offers on demand. */
  private static String output(Node node, Pullback context, int index) {
    List<String> names = new ArrayList<>(node.outputs());
    while (names.size() <= index) {
      names.add("");
    }
    if (names.get(index).isEmpty()) {
      names.set(index, context.ops().name("Statistic"));
      context.graph().setOutputs(node, names);
    }
    return names.get(index);
  }
}
