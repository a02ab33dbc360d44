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

  /** y = w · x · r with r = 1/√(mean x² + ε): r · gw − x · r³ · mean(gw · x). */
  static void rmsNormalization(Node node, Pullback context) {
    requireLastAxis(node, context);
    Ops ops = context.ops();
    String x = node.input(0);
    String r = output(node, context, 1);
    String gw = ops.mul(context.gradient(), node.input(1));
    context.give(0, project(ops, gw, x, r, width(node, context)));
  }

  /** The same with x − mean x in place of x, and less its own mean. */
  static void layerNormalization(Node node, Pullback context) {
    requireLastAxis(node, context);
    Ops ops = context.ops();
    long width = width(node, context);
    String average = output(node, context, 1);
    String r = output(node, context, 2);
    String gw = ops.mul(context.gradient(), node.input(1));
    String gradient = project(ops, gw, ops.sub(node.input(0), average), r, width);
    String mean = ops.mul(ops.scale(ops.reduceSum(gw, true, -1), 1f / width), r);
    context.give(0, ops.sub(gradient, mean));
  }

  /** r · gw − x · r³ · mean(gw · x): numbers of one a row are multiplied first. */
  private static String project(Ops ops, String gw, String x, String r, long width) {
    String mean = ops.scale(ops.reduceSum(ops.mul(gw, x), true, -1), 1f / width);
    String factor = ops.mul(ops.mul(mean, ops.mul(r, r)), r);
    return ops.sub(ops.mul(gw, r), ops.mul(x, factor));
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
