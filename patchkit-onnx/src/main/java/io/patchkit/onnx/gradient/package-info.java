/**
 * The gradient of a decoder with respect to a prefix, computed by an ordinary inference session.
 *
 * <p>A decoder's graph is extended by reverse-mode differentiation over ONNX operators: fused
 * operators are taken apart, the projection onto the vocabulary is restricted to the positions that
 * carry loss, and one backward node follows another from the loss to the prefix, along that path
 * only. Weights are constants; they stay in the model's files, mapped into memory once for every
 * session.
 *
 * <p>For each operator with output y = f(x) and the gradient g of the objective with respect to y,
 * the backward nodes compute the vector-Jacobian product g · ∂f/∂x (Griewank and Walther,
 * "Evaluating Derivatives", 2008). An operator on the path without such a rule is refused by name.
 *
 * <p>Operators: <a href="https://onnx.ai/onnx/operators/">ONNX</a> and <a
 * href="https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md">ONNX Runtime's
 * own</a>.
 */
@NullMarked
package io.patchkit.onnx.gradient;

import org.jspecify.annotations.NullMarked;
