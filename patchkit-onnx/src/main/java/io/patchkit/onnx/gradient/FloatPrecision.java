package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.TensorInfo;
import java.util.List;

/**
 * Gradients are computed in 32-bit floats. In 16 bits the gradient of a mean over many tokens
 * underflows, and bfloat16 keeps too few digits for the differences that a step makes.
 */
final class FloatPrecision {

  private FloatPrecision() {}

  /**
   * Refuses a decoder that computes in 16 bits.
   *
   * @throws UnsupportedModelException that names the first tensor of 16-bit floats
   */
  static void require32Bits(Graph graph) {
    for (List<TensorInfo> declared : List.of(graph.inputs(), graph.outputs())) {
      for (TensorInfo tensor : declared) {
        require32Bits(tensor.name(), tensor.type());
      }
    }
    for (Initializer initializer : graph.initializers()) {
      require32Bits(initializer.name(), initializer.type());
    }
  }

  private static void require32Bits(String name, ElementType type) {
    if (type == ElementType.FLOAT16 || type == ElementType.BFLOAT16) {
      throw new UnsupportedModelException(
          "Expected a decoder in 32-bit floats to train on, found "
              + type
              + " in \""
              + name
              + "\"; export the checkpoint in float32 (or 4 bits over float32), train on that and"
              + " serve the patch with this export too, after naming its fingerprint in the patch's"
              + " base");
    }
  }
}
