package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Node;

/**
 * How the gradient passes back through one kind of operator: from ∂J/∂output to ∂J/∂input.
 *
 * <p>A rule writes its nodes through {@link Pullback#ops} and hands over what it computed with
 * {@link Pullback#give}, in the shape of the input. It refuses forms of the operator that it does
 * not cover through {@link Pullback#refuse}.
 */
@FunctionalInterface
interface VectorJacobianProduct {

  void pullBack(Node node, Pullback context);
}
