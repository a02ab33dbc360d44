package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;

/** Operators that combine several tensors element by element, with broadcasting. */
final class ArithmeticRules {

  private ArithmeticRules() {}

  static void add(Node node, Pullback context) {
    for (int i = 0; i < 2; i++) {
      if (context.wants(i)) {
        context.giveBroadcast(i, context.gradient(), node.output(0));
      }
    }
  }

  static void sub(Node node, Pullback context) {
    if (context.wants(0)) {
      context.giveBroadcast(0, context.gradient(), node.output(0));
    }
    if (context.wants(1)) {
      String sum = context.sumTo(node.input(1), context.gradient(), node.output(0));
      context.give(1, context.ops().op("Neg", sum));
    }
  }

  static void mul(Node node, Pullback context) {
    for (int i = 0; i < 2; i++) {
      if (context.wants(i)) {
        String product = context.ops().mul(context.gradient(), context.operand(1 - i));
        context.giveBroadcast(i, product, node.output(0));
      }
    }
  }

  /** y = a / b: g / b, and −g · y / b. */
  static void div(Node node, Pullback context) {
    Ops ops = context.ops();
    String quotient = ops.div(context.gradient(), node.input(1));
    if (context.wants(0)) {
      context.giveBroadcast(0, quotient, node.output(0));
    }
    if (context.wants(1)) {
      String product = ops.op("Neg", ops.mul(quotient, node.output(0)));
      context.giveBroadcast(1, product, node.output(0));
    }
  }

  /** y = xᵖ with a constant scalar p: g · p · xᵖ⁻¹. */
  static void pow(Node node, Pullback context) {
    Tensor exponent = context.graph().constant(node.input(1));
    if (exponent == null || exponent.size() != 1) {
      throw context.refuse("the exponent is no constant scalar");
    }
    Ops ops = context.ops();
    float p = exponent.floats()[0];
    String power = p == 2 ? node.input(0) : ops.op("Pow", node.input(0), ops.scalar(p - 1));
    String slope = ops.scale(power, p);
    context.giveBroadcast(0, ops.mul(context.gradient(), slope), node.output(0));
  }

  static void where(Node node, Pullback context) {
    Ops ops = context.ops();
    String zero = ops.scalar(0f);
    if (context.wants(1)) {
      String part = ops.op("Where", node.input(0), context.gradient(), zero);
      context.giveBroadcast(1, part, node.output(0));
    }
    if (context.wants(2)) {
      String part = ops.op("Where", node.input(0), zero, context.gradient());
      context.giveBroadcast(2, part, node.output(0));
    }
  }

  static void neg(Node node, Pullback context) {
    context.give(0, context.ops().op("Neg", context.gradient()));
  }

  static void max(Node node, Pullback context) {
    extremum(node, context, "GreaterOrEqual", "Less");
  }

  static void min(Node node, Pullback context) {
    extremum(node, context, "LessOrEqual", "Greater");
  }

  /** The gradient goes to the operand that was taken; to the first where both are equal. */
  private static void extremum(Node node, Pullback context, String first, String second) {
    if (node.inputs().size() != 2) {
      throw context.refuse("there are " + node.inputs().size() + " operands instead of two");
    }
    Ops ops = context.ops();
    for (int i = 0; i < 2; i++) {
      if (context.wants(i)) {
        String taken = ops.op(i == 0 ? first : second, node.input(0), node.input(1));
        String part = ops.op("Where", taken, context.gradient(), ops.scalar(0f));
        context.giveBroadcast(i, part, node.output(0));
      }
    }
  }
}
