package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Node;

/** Activations that exports keep as one operator. */
final class ActivationRules {

  private static final float SQRT_2_OVER_PI = (float) Math.sqrt(2 / Math.PI);

  private ActivationRules() {}

  /** y = x · Φ(x), exact or by the hyperbolic tangent (Hendrycks and Gimpel, arXiv 1606.08415). */
  static void gelu(Node node, Pullback context) {
    String slope =
        node.attribute("approximate", "none").equals("tanh")
            ? tanhGeluSlope(context.ops(), node.input(0))
            : geluSlope(context.ops(), node.input(0));
    context.give(0, context.ops().mul(context.gradient(), slope));
  }

  /** The approximation by the hyperbolic tangent, of x + bias. */
  static void fastGelu(Node node, Pullback context) {
    Ops ops = context.ops();
    boolean hasBias = !node.input(1).isEmpty();
    String x = hasBias ? ops.add(node.input(0), node.input(1)) : node.input(0);
    context.give(0, ops.mul(context.gradient(), tanhGeluSlope(ops, x)));
  }

  /** y = x · σ(αx): σ + αx · σ · (1 − σ) = σ + αy · (1 − σ). */
  static void quickGelu(Node node, Pullback context) {
    Ops ops = context.ops();
    String g = context.gradient();
    String sigmoid = context.recomputed().sigmoid(node, g);
    String y = ops.scale(context.recomputed().product(node, g), Recomputed.alpha(node));
    String tail = ops.mul(y, ops.sub(ops.scalar(1f), sigmoid));
    context.give(0, ops.mul(g, ops.add(sigmoid, tail)));
  }

  /** Φ(x) + x · φ(x). */
  private static String geluSlope(Ops ops, String x) {
    String erf = ops.op("Erf", ops.scale(x, (float) Math.sqrt(0.5)));
    String distribution = ops.scale(ops.add(erf, ops.scalar(1f)), 0.5f);
    String bell = ops.op("Exp", ops.scale(ops.mul(x, x), -0.5f));
    String density = ops.scale(bell, (float) (1 / Math.sqrt(2 * Math.PI)));
    return ops.add(distribution, ops.mul(x, density));
  }

  /**
   * With t = tanh(√(2/π) · (x + 0.044715x³)): (1 + t)/2 + x/2 · (1 − t²) · √(2/π) · (1 +
   * 0.134145x²).
   */
  private static String tanhGeluSlope(Ops ops, String x) {
    String square = ops.mul(x, x);
    String one = ops.scalar(1f);
    String inner = ops.mul(x, ops.add(ops.scale(square, 0.044715f), one));
    String t = ops.op("Tanh", ops.scale(inner, SQRT_2_OVER_PI));
    String left = ops.scale(ops.add(t, one), 0.5f);
    String slope = ops.mul(ops.sub(one, ops.mul(t, t)), ops.scale(x, 0.5f * SQRT_2_OVER_PI));
    String right = ops.mul(slope, ops.add(ops.scale(square, 3 * 0.044715f), one));
    return ops.add(left, right);
  }
}
