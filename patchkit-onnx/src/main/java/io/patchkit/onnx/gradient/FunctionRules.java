package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Node;

/** Functions of one tensor, element by element: the gradient times the slope. */
final class FunctionRules {

  private FunctionRules() {}

  static void identity(Node node, Pullback context) {
    context.give(0, context.gradient());
  }

  static void cast(Node node, Pullback context) {
    Shapes shapes = context.shapes();
    boolean same = shapes.type(node.input(0)) == shapes.type(node.output(0));
    context.give(
        0,
        same
            ? context.gradient()
            : context.ops().cast(context.gradient(), shapes.type(node.input(0))));
  }

  /** g / 2y. */
  static void sqrt(Node node, Pullback context) {
    Ops ops = context.ops();
    context.give(0, ops.div(ops.scale(context.gradient(), 0.5f), node.output(0)));
  }

  /** −g · y². */
  static void reciprocal(Node node, Pullback context) {
    Ops ops = context.ops();
    String square = ops.mul(node.output(0), node.output(0));
    context.give(0, ops.op("Neg", ops.mul(context.gradient(), square)));
  }

  static void exp(Node node, Pullback context) {
    context.give(0, context.ops().mul(context.gradient(), node.output(0)));
  }

  static void log(Node node, Pullback context) {
    context.give(0, context.ops().div(context.gradient(), node.input(0)));
  }

  static void abs(Node node, Pullback context) {
    Ops ops = context.ops();
    context.give(0, ops.mul(context.gradient(), ops.op("Sign", node.input(0))));
  }

  /** g · 2/√π · exp(−x²). */
  static void erf(Node node, Pullback context) {
    Ops ops = context.ops();
    String x = node.input(0);
    String bell = ops.op("Exp", ops.op("Neg", ops.mul(x, x)));
    String slope = ops.scale(bell, (float) (2 / Math.sqrt(Math.PI)));
    context.give(0, ops.mul(context.gradient(), slope));
  }

  /** g · (1 − y²). */
  static void tanh(Node node, Pullback context) {
    Ops ops = context.ops();
    String y = node.output(0);
    context.give(0, ops.mul(context.gradient(), ops.sub(ops.scalar(1f), ops.mul(y, y))));
  }

  /** g · y · (1 − y). */
  static void sigmoid(Node node, Pullback context) {
    Ops ops = context.ops();
    String y = node.output(0);
    context.give(0, ops.mul(context.gradient(), ops.mul(y, ops.sub(ops.scalar(1f), y))));
  }

  /** g · σ(x). */
  static void softplus(Node node, Pullback context) {
    Ops ops = context.ops();
    context.give(0, ops.mul(context.gradient(), ops.op("Sigmoid", node.input(0))));
  }

  static void relu(Node node, Pullback context) {
    Ops ops = context.ops();
    String isPositive = ops.op("Greater", node.input(0), ops.scalar(0f));
    context.give(0, ops.op("Where", isPositive, context.gradient(), ops.scalar(0f)));
  }
}
