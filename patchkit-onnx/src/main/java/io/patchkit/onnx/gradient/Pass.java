package io.patchkit.onnx.gradient;

import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.PastInput;
import io.patchkit.onnx.graph.TensorInfo;
import io.patchkit.onnx.graph.VirtualTokens;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * A graph that computes one thing about a decoder, over the weights in the decoder's folder.
 * Immutable.
 */
final class Pass {

  private final byte[] model;
  private final Path folder;
  private final GraphInputs inputs;
  private final List<String> outputs;

  Pass(byte[] model, Path folder, GraphInputs inputs, List<String> outputs) {
    this.model = model;
    this.folder = folder;
    this.inputs = inputs;
    this.outputs = List.copyOf(outputs);
  }

  /**
   * Log-probabilities of targets, and their gradient with respect to a prefix: outputs {@link
   * LossHead#LOG_PROBABILITIES}, then for each of the prefix's inputs the gradient row by row.
   *
   * @param kind SOFT_PROMPT or KEY_VALUE
   * @throws io.patchkit.UnsupportedModelException if an operator between prefix and logits has no
   *     derivative here
   */
  static Pass gradient(ModelFile file, PrefixKind kind) {
    ForwardGraph forward = ForwardGraph.of(file, kind, logits());
    Graph graph = forward.graph();
    String logits = LossHead.restrict(graph, ForwardGraph.LOGITS);
    graph.setOutputs(List.of(TensorInfo.inferred(logits)));
    GraphInputs probed = forward.prune();
    Shapes shapes = ShapeProbe.run(graph, file.folder(), probed);
    List<Node> nodes = graph.sorted();
    String seed = LossHead.differentiate(graph, logits);
    Map<String, String> gradients =
        new ReverseWalk(graph, shapes)
            .differentiate(
                nodes, Map.of(logits, seed), new LinkedHashSet<>(forward.leaves().values()));
    return finish(file, forward, nameGradients(graph, forward, gradients));
  }

  /** Log-probabilities of targets alone. */
  static Pass logProbabilities(ModelFile file) {
    ForwardGraph forward = ForwardGraph.of(file, PrefixKind.ANY, logits());
    Graph graph = forward.graph();
    LossHead.score(graph, LossHead.restrict(graph, ForwardGraph.LOGITS));
    return finish(file, forward, List.of(LossHead.LOG_PROBABILITIES));
  }

  /** The likeliest tokens of positions. */
  static Pass likeliest(ModelFile file) {
    ForwardGraph forward = ForwardGraph.of(file, PrefixKind.ANY, logits());
    Graph graph = forward.graph();
    LossHead.likeliest(graph, LossHead.restrict(graph, ForwardGraph.LOGITS));
    return finish(file, forward, List.of(LossHead.TOP_LOG_PROBABILITIES, LossHead.TOP_IDS));
  }

  /** The keys and values of tokens without a prefix: key of layer 0, its value, and so on. */
  static Pass keyValues(ModelFile file) {
    List<String> names = new ArrayList<>();
    List<TensorInfo> outputs = new ArrayList<>();
    Graph whole = file.graph();
    for (PastInput past : PastInput.of(whole)) {
      String present = past.present(whole);
      names.add(present);
      outputs.add(TensorInfo.inferred(present));
    }
    return finish(file, ForwardGraph.of(file, PrefixKind.SOFT_PROMPT, outputs), names);
  }

  private static Pass finish(ModelFile file, ForwardGraph forward, List<String> outputs) {
    Graph graph = forward.graph();
    graph.setOutputs(outputs.stream().map(TensorInfo::inferred).toList());
    GraphInputs inputs = forward.prune();
    graph.forgetInputShapes();
    return new Pass(graph.toBytes(), file.folder(), inputs, outputs);
  }

  private static List<TensorInfo> logits() {
    return List.of(TensorInfo.inferred(ForwardGraph.LOGITS));
  }

  /** Names the gradients; a soft prompt's is that of the first positions of each row. */
  private static List<String> nameGradients(
      Graph graph, ForwardGraph forward, Map<String, String> gradients) {
    Ops ops = new Ops(graph, "/patchkit/gradient/");
    List<String> names = new ArrayList<>(List.of(LossHead.LOG_PROBABILITIES));
    for (Map.Entry<String, String> leaf : forward.leaves().entrySet()) {
      String gradient = gradients.get(leaf.getValue());
      if (gradient == null) {
        throw new IllegalStateException("no gradient for " + leaf);
      }
      String name = "gradient." + leaf.getKey();
      Node output =
          leaf.getKey().equals(VirtualTokens.ROWS)
              ? Node.of(
                  "Slice",
                  List.of(gradient, ops.longs(0), ops.dim(VirtualTokens.ROWS, 0), ops.longs(1)),
                  List.of(name))
              : Node.of("Identity", List.of(gradient), List.of(name));
      names.add(ops.op(output));
    }
    return names;
  }

  /** The graph in the protobuf's wire format. */
  byte[] model() {
    return model.clone();
  }

  /** The folder of the weights. */
  Path folder() {
    return folder;
  }

  GraphInputs inputs() {
    return inputs;
  }

  List<String> outputs() {
    return outputs;
  }
}
