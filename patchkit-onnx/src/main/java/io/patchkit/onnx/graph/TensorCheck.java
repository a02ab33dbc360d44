package io.patchkit.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.List;

/**
 * Finds every tensor of a model that the runtime may read from a file, and holds it against the
 * files: those of the graph, of its nodes' attributes, and of the bodies of {@code If}, {@code
 * Loop} and {@code Scan}, at any depth.
 */
final class TensorCheck {

  private final WeightFiles weights;

  TensorCheck(WeightFiles weights) {
    this.weights = weights;
  }

  /** Checks what a graph holds; see {@link WeightFiles#require}. */
  void graph(GraphProto.Builder graph) {
    for (TensorProto.Builder tensor : graph.getInitializerBuilderList()) {
      weights.require(tensor);
    }
    for (SparseTensorProto.Builder tensor : graph.getSparseInitializerBuilderList()) {
      sparse(tensor);
    }
    nodes(graph.getNodeBuilderList());
  }

  /** Checks what the attributes of nodes hold. */
  void nodes(List<NodeProto.Builder> nodes) {
    for (NodeProto.Builder node : nodes) {
      for (AttributeProto.Builder attribute : node.getAttributeBuilderList()) {
        attribute(attribute);
      }
    }
  }

  private void attribute(AttributeProto.Builder attribute) {
    if (attribute.hasT()) {
      weights.require(attribute.getTBuilder());
    }
    if (attribute.hasG()) {
      graph(attribute.getGBuilder());
    }
    if (attribute.hasSparseTensor()) {
      sparse(attribute.getSparseTensorBuilder());
    }
    attribute.getTensorsBuilderList().forEach(weights::require);
    attribute.getGraphsBuilderList().forEach(this::graph);
    attribute.getSparseTensorsBuilderList().forEach(this::sparse);
  }

  private void sparse(SparseTensorProto.Builder tensor) {
    if (tensor.hasValues()) {
      weights.require(tensor.getValuesBuilder());
    }
    if (tensor.hasIndices()) {
      weights.require(tensor.getIndicesBuilder());
    }
  }
}
