package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import io.patchkit.onnx.graph.TensorInfo;

/** The size of a tensor's last dimension, read off the graph before it can run. */
final class Widths {

  private Widths() {}

  static long last(Graph graph, String name) {
    String current = name;
    while (true) {
      TensorInfo info = graph.info(current);
      if (info != null && info.size(-1) > 0) {
        return info.size(-1);
      }
      Node node = graph.producer(current);
      if (node == null) {
        break;
      }
      long width = last(graph, node, current);
      if (width > 0) {
        return width;
      }
      if (width == 0) {
        break;
      }
      current = node.input(0);
    }
    throw new UnsupportedModelException(
        "Expected the last dimension of \"" + name + "\" to be fixed by the graph, found it open");
  }

  /** Over how many elements a product with a weight sums. */
  static long contracted(Graph graph, Node product) {
    if (product.opType().equals("MatMulNBits")) {
      return product.attribute("K", 0);
    }
    Initializer weight = graph.initializer(product.input(1));
    if (weight == null) {
      throw new UnsupportedModelException(
          "Expected the matrix of " + product + " to be a weight, found it computed");
    }
    return weight.dims()[product.attribute("transB", 0) != 0 ? 1 : 0];
  }

  /** The width of one node's output: −1 where it is that of its first input, 0 if unknown. */
  private static long last(Graph graph, Node node, String output) {
    return switch (node.opType()) {
      case "MatMul", "Gemm", "FusedMatMul" -> {
        Initializer weight = graph.initializer(node.input(1));
        boolean isTransposed = node.attribute("transB", 0) != 0;
        yield weight == null ? 0 : weight.dims()[isTransposed ? 0 : weight.dims().length - 1];
      }
      case "MatMulNBits" -> node.attribute("N", 0);
      case "Reshape" -> {
        Tensor shape = graph.constant(node.input(1));
        // −1 says here that the rest goes there, whatever it is.
        yield shape == null ? 0 : Math.max(shape.longs()[shape.size() - 1], 0);
      }
      case "Split" -> {
        Tensor sizes = graph.constant(node.input(1));
        int index = node.outputs().indexOf(output);
        yield sizes == null ? 0 : sizes.longs()[index];
      }
      case "Add" -> {
        TensorInfo bias = graph.info(node.input(1));
        yield bias == null ? -1 : Math.max(bias.size(-1), -1);
      }
      case "Cast",
          "Identity",
          "LayerNormalization",
          "SimplifiedLayerNormalization",
          "RotaryEmbedding" ->
          -1;
      default -> 0;
    };
  }
}
