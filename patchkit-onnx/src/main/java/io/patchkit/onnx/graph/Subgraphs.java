package io.patchkit.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The bodies of {@code If}, {@code Loop} and {@code Scan}: graphs that may read names of the graph
 * around them without declaring it.
 */
final class Subgraphs {

  private Subgraphs() {}

  static List<GraphProto> of(NodeProto node) {
    List<GraphProto> bodies = new ArrayList<>();
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG()) {
        bodies.add(attribute.getG());
      }
      bodies.addAll(attribute.getGraphsList());
    }
    return bodies;
  }

  /** The names that {@code body} reads and does not define. */
  static Set<String> captures(GraphProto body) {
    Set<String> read = new LinkedHashSet<>();
    for (NodeProto node : body.getNodeList()) {
      read.addAll(node.getInputList());
      for (GraphProto inner : of(node)) {
        read.addAll(captures(inner));
      }
    }
    for (ValueInfoProto output : body.getOutputList()) {
      read.add(output.getName());
    }
    read.removeAll(defined(body));
    read.remove("");
    return read;
  }

  /** Every name that {@code body} or a body inside it defines. */
  static void collectNames(GraphProto body, Set<String> names) {
    names.addAll(defined(body));
    for (NodeProto node : body.getNodeList()) {
      for (GraphProto inner : of(node)) {
        collectNames(inner, names);
      }
    }
  }

  /** Renames captured uses of {@code from} in every body of {@code node}. */
  static void rename(NodeProto.Builder node, String from, String to) {
    for (AttributeProto.Builder attribute : node.getAttributeBuilderList()) {
      if (attribute.hasG()) {
        rename(attribute.getGBuilder(), from, to);
      }
      for (GraphProto.Builder body : attribute.getGraphsBuilderList()) {
        rename(body, from, to);
      }
    }
  }

  private static void rename(GraphProto.Builder body, String from, String to) {
    if (defined(body.build()).contains(from)) {
      return;
    }
    for (NodeProto.Builder node : body.getNodeBuilderList()) {
      for (int i = 0; i < node.getInputCount(); i++) {
        if (node.getInput(i).equals(from)) {
          node.setInput(i, to);
        }
      }
      rename(node, from, to);
    }
    for (ValueInfoProto.Builder output : body.getOutputBuilderList()) {
      if (output.getName().equals(from)) {
        output.setName(to);
      }
    }
  }

  private static Set<String> defined(GraphProto body) {
    Set<String> names = new HashSet<>();
    for (ValueInfoProto input : body.getInputList()) {
      names.add(input.getName());
    }
    for (TensorProto initializer : body.getInitializerList()) {
      names.add(initializer.getName());
    }
    for (NodeProto node : body.getNodeList()) {
      names.addAll(node.getOutputList());
    }
    return names;
  }
}
