package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;

/** Operators that take parts of tensors, or join them. */
final class SelectionRules {

  private SelectionRules() {}

  static void concat(Node node, Pullback context) {
    Ops ops = context.ops();
    int axis = context.shapes().axis(node.output(0), node.attribute("axis", 0));
    long known = 0;
    String begin = ops.longs(0);
    for (int i = 0; i < node.inputs().size(); i++) {
      long size = context.shapes().size(node.input(i), axis);
      known = known < 0 || size < 0 ? -1 : known + size;
      String end =
          known < 0
              ? ops.add(begin, size < 0 ? ops.dim(node.input(i), axis) : ops.longs(size))
              : ops.longs(known);
      if (context.wants(i)) {
        context.give(i, ops.slice(context.gradient(), axis, begin, end));
      }
      begin = end;
    }
  }

  static void split(Node node, Pullback context) {
    int axis = context.shapes().axis(node.input(0), node.attribute("axis", 0));
    long begin = 0;
    for (int i = 0; i < node.outputs().size(); i++) {
      long size = context.shapes().size(node.output(i), axis);
      if (size < 0) {
        throw context.refuse("the split dimension depends on the batch");
      }
      String gradient = context.gradient(i);
      if (gradient != null) {
        context.givePart(0, axis, begin, begin + size, gradient);
      }
      begin += size;
    }
  }

  static void slice(Node node, Pullback context) {
    Shapes shapes = context.shapes();
    String x = node.input(0);
    long[] begins = context.integers(1);
    long[] ends = context.integers(2);
    int sliced = -1;
    long begin = 0;
    long end = 0;
    for (int i = 0; i < begins.length; i++) {
      int axis = shapes.axis(x, node.input(3).isEmpty() ? i : context.integers(3)[i]);
      long step = node.input(4).isEmpty() ? 1 : context.integers(4)[i];
      long size = shapes.size(x, axis);
      if (size < 0 || step != 1) {
        throw context.refuse("a step is not 1 or a sliced dimension depends on the batch");
      }
      long from = Math.min(begins[i] < 0 ? Math.max(begins[i] + size, 0) : begins[i], size);
      long to = Math.min(ends[i] < 0 ? Math.max(ends[i] + size, 0) : ends[i], size);
      if (from == 0 && to == size) {
        continue;
      }
      if (sliced >= 0) {
        throw context.refuse("several axes are sliced together");
      }
      sliced = axis;
      begin = from;
      end = to;
    }
    if (sliced < 0) {
      context.give(0, context.gradient());
    } else {
      context.givePart(0, sliced, begin, end, context.gradient());
    }
  }

  /** One index along a static axis, or rows of the first axis. */
  static void gather(Node node, Pullback context) {
    Ops ops = context.ops();
    Shapes shapes = context.shapes();
    String x = node.input(0);
    int axis = shapes.axis(x, node.attribute("axis", 0));
    Tensor index = context.graph().constant(node.input(1));
    if (index != null && index.size() == 1 && index.dims().length < 2) {
      long size = shapes.size(x, axis);
      if (size < 0) {
        throw context.refuse("the selected dimension depends on the batch");
      }
      long at = index.longs()[0] < 0 ? index.longs()[0] + size : index.longs()[0];
      String gradient = context.gradient();
      context.givePart(
          0, axis, at, at + 1, index.dims().length == 0 ? ops.unsqueeze(gradient, axis) : gradient);
      return;
    }
    if (axis != 0) {
      throw context.refuse("several indices are taken along axis " + axis);
    }
    String zeros = ops.op("ConstantOfShape", ops.shape(x));
    String rows = ops.unsqueeze(node.input(1), -1);
    context.give(
        0, ops.op(ops.node("ScatterND", zeros, rows, context.gradient()).with("reduction", "add")));
  }
}
