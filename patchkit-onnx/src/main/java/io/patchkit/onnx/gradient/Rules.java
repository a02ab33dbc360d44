package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Node;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which rule differentiates which operator. */
final class Rules {

  private static final Map<String, VectorJacobianProduct> STANDARD = standard();
  private static final Map<String, VectorJacobianProduct> MICROSOFT = microsoft();

  private Rules() {}

  /** The rule for an operator, or null where there is none. */
  static @Nullable VectorJacobianProduct of(Node node) {
    return switch (node.domain()) {
      case "" -> STANDARD.get(node.opType());
      case Node.MICROSOFT -> MICROSOFT.get(node.opType());
      default -> null;
    };
  }

  private static Map<String, VectorJacobianProduct> standard() {
    Map<String, VectorJacobianProduct> rules = new HashMap<>();
    rules.put("MatMul", MatrixRules::fusedMatMul);
    rules.put("Gemm", MatrixRules::gemm);

    rules.put("Add", ArithmeticRules::add);
    rules.put("Sub", ArithmeticRules::sub);
    rules.put("Mul", ArithmeticRules::mul);
    rules.put("Div", ArithmeticRules::div);
    rules.put("Pow", ArithmeticRules::pow);
    rules.put("Where", ArithmeticRules::where);
    rules.put("Neg", ArithmeticRules::neg);
    rules.put("Max", ArithmeticRules::max);
    rules.put("Min", ArithmeticRules::min);

    rules.put("Identity", FunctionRules::identity);
    rules.put("Cast", FunctionRules::cast);
    rules.put("Sqrt", FunctionRules::sqrt);
    rules.put("Reciprocal", FunctionRules::reciprocal);
    rules.put("Exp", FunctionRules::exp);
    rules.put("Log", FunctionRules::log);
    rules.put("Abs", FunctionRules::abs);
    rules.put("Erf", FunctionRules::erf);
    rules.put("Tanh", FunctionRules::tanh);
    rules.put("Sigmoid", FunctionRules::sigmoid);
    rules.put("Softplus", FunctionRules::softplus);
    rules.put("Relu", FunctionRules::relu);
    rules.put("Gelu", ActivationRules::gelu);

    rules.put("Softmax", NormalizationRules::softmax);
    rules.put("LayerNormalization", NormalizationRules::layerNormalization);
    rules.put("SimplifiedLayerNormalization", NormalizationRules::rmsNormalization);
    rules.put("ReduceSum", ReductionRules::reduceSum);
    rules.put("ReduceMean", ReductionRules::reduceMean);

    rules.put("Reshape", LayoutRules::reshape);
    rules.put("Flatten", LayoutRules::reshape);
    rules.put("Squeeze", LayoutRules::reshape);
    rules.put("Unsqueeze", LayoutRules::reshape);
    rules.put("Transpose", LayoutRules::transpose);
    rules.put("Expand", LayoutRules::expand);
    rules.put("Concat", SelectionRules::concat);
    rules.put("Split", SelectionRules::split);
    rules.put("Slice", SelectionRules::slice);
    rules.put("Gather", SelectionRules::gather);
    return Map.copyOf(rules);
  }

  private static Map<String, VectorJacobianProduct> microsoft() {
    Map<String, VectorJacobianProduct> rules = new HashMap<>();
    rules.put("FusedMatMul", MatrixRules::fusedMatMul);
    rules.put("MatMulNBits", MatrixRules::matMulNBits);
    rules.put("RotaryEmbedding", LayoutRules::rotaryEmbedding);
    rules.put("Gelu", ActivationRules::gelu);
    rules.put("FastGelu", ActivationRules::fastGelu);
    rules.put("QuickGelu", ActivationRules::quickGelu);
    return Map.copyOf(rules);
  }
}
