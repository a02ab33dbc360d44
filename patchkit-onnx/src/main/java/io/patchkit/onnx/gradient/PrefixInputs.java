package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Dim;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.PastInput;
import io.patchkit.onnx.graph.TensorInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the graph reads as the past of every row: nothing, or one key/value prefix shared by all
 * rows.
 */
final class PrefixInputs {

  private final boolean isFed;
  private final List<TensorInfo> inputs = new ArrayList<>();
  private final Map<String, String> expanded = new HashMap<>();

  private PrefixInputs(boolean isFed) {
    this.isFed = isFed;
  }

  /**
   * Finds the past inputs of a graph and makes them what is needed.
   *
   * @param ids the input [batch, tokens] from which the number of rows is read
   * @param isFed whether the past is fed; otherwise it is empty
   */
  static PrefixInputs rewire(Graph graph, String ids, boolean isFed) {
    PrefixInputs prefix = new PrefixInputs(isFed);
    Ops ops = new Ops(graph, "/patchkit/prefix/");
    String batch = "";
    for (PastInput past : PastInput.of(graph)) {
      if (batch.isEmpty()) {
        batch = ops.dim(ids, 0);
      }
      graph.removeInput(past.name());
      prefix.rewire(graph, ops, past.tensor(), batch);
    }
    if (prefix.isFed && prefix.inputs.isEmpty()) {
      throw new UnsupportedModelException(
          "Expected past inputs such as past_key_values.0.key to train a key/value prefix, found"
              + " none; export the decoder with its cache");
    }
    return prefix;
  }

  private void rewire(Graph graph, Ops ops, TensorInfo input, String batch) {
    long heads = input.size(1);
    if (input.dims() == null || input.dims().size() != 4 || heads < 1) {
      throw new UnsupportedModelException(
          "Expected a past [batch, heads, positions, width] in " + input);
    }
    long headDim = input.size(3) > 0 ? input.size(3) : cacheWidth(graph, input.name());
    String name = ops.name(input.name());
    if (isFed) {
      graph.addInput(
          TensorInfo.of(
              input.name(),
              ElementType.FLOAT,
              Dim.of("prefixes"),
              Dim.of(heads),
              Dim.of("prefix"),
              Dim.of(headDim)));
      inputs.add(graph.input(input.name()));
      String shape = ops.concat(0, List.of(batch, ops.longs(1, 1, 1)));
      graph.replaceUses(input.name(), name);
      graph.add(Node.of("Expand", List.of(input.name(), shape), List.of(name)));
    } else {
      String shape = ops.concat(0, List.of(batch, ops.longs(heads, 0, headDim)));
      graph.replaceUses(input.name(), name);
      graph.add(Node.of("ConstantOfShape", List.of(shape), List.of(name)));
      dropFromConcats(graph, name);
    }
    expanded.put(input.name(), name);
  }

  /** Joining nothing and a tensor is the tensor. */
  private static void dropFromConcats(Graph graph, String empty) {
    for (Node node : graph.consumers(empty)) {
      if (node.is("Concat") && node.inputs().size() == 2) {
        boolean first = node.input(0).equals(empty);
        graph.remove(node);
        graph.add(Node.of("Identity", List.of(node.input(first ? 1 : 0)), List.of(node.output(0))));
      }
    }
  }

  private static long cacheWidth(Graph graph, String past) {
    for (Node node : graph.consumers(past)) {
      if (node.isMicrosoft("GroupQueryAttention")) {
        long heads = node.attribute("num_heads", 0);
        long packed = node.input(1).isEmpty() ? 2 * node.attribute("kv_num_heads", 0) : 0;
        return Widths.last(graph, node.input(0)) / (heads + packed);
      }
      if (node.isMicrosoft("MultiHeadAttention")) {
        return Widths.last(graph, node.input(0)) / node.attribute("num_heads", 1);
      }
    }
    throw new UnsupportedModelException(
        "Expected the width of \"" + past + "\" to be fixed by the graph, found it open");
  }

  /** The fed inputs: key of layer 0, its value, key of layer 1, and so on; or none. */
  List<TensorInfo> inputs() {
    return List.copyOf(inputs);
  }

  /** The tensor [rows, heads, positions, width] that the graph reads for a fed input. */
  String leaf(String input) {
    return expanded.getOrDefault(input, input);
  }

  /** Keys or values after the prefix's own. */
  String append(Ops ops, String past, String current) {
    return isFed && !past.isEmpty() ? ops.concat(2, List.of(past, current)) : current;
  }

  /** How many positions the prefix takes, int64 [1]. */
  String length(Ops ops, String past) {
    return isFed && !past.isEmpty() ? ops.dim(past, 2) : ops.longs(0);
  }
}
