package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.TensorInfo;
import io.patchkit.onnx.graph.VirtualTokens;
import io.patchkit.onnx.graph.WideInputs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A decoder's graph made ready: a prefix in place of the past, fused operators taken apart.
 * Mutable, like the graph it holds.
 */
final class ForwardGraph {

  static final String IDS = "input_ids";
  static final String LOGITS = "logits";

  private final Graph graph;
  private final PrefixLayout layout;
  private final float embeddingScale;
  private final Map<String, String> leaves;

  private ForwardGraph(
      Graph graph, PrefixLayout layout, float embeddingScale, Map<String, String> leaves) {
    this.graph = graph;
    this.layout = layout;
    this.embeddingScale = embeddingScale;
    this.leaves = leaves;
  }

  /**
   * Prepares a decoder.
   *
   * @param outputs which of the decoder's outputs are wanted
   * @throws UnsupportedModelException if the decoder has inputs or operators that are not known, or
   *     computes in 16-bit floats
   */
  static ForwardGraph of(ModelFile file, PrefixKind kind, List<TensorInfo> outputs) {
    Graph graph = file.graph();
    requireDecoder(graph);
    FloatPrecision.require32Bits(graph);
    OperatorSet.raise(graph);
    graph.importOpset(Node.MICROSOFT, 1);
    graph.setOutputs(outputs);
    graph.clearValueInfos();
    graph.removeDead();
    WideInputs.widen(graph);
    Map<String, String> leaves = new LinkedHashMap<>();
    int hidden = 0;
    float scale = 1;
    if (kind.takesSoftPrompt()) {
      VirtualTokens tokens = VirtualTokens.augment(graph, IDS);
      leaves.put(VirtualTokens.ROWS, tokens.vectors());
      hidden = Math.toIntExact(tokens.hidden());
      scale = tokens.scale();
    }
    PrefixInputs prefix = PrefixInputs.rewire(graph, IDS, kind.takesKeyValues());
    CausalMask mask = new CausalMask(new Ops(graph, "/patchkit/mask/"), IDS, prefix);
    Decompositions.apply(graph, new Attention(mask, prefix));
    TiedWeights.rewire(graph);
    Swish.join(graph);
    RmsNormalization.join(graph);
    List<PrefixLayout.Plane> planes = new ArrayList<>();
    for (TensorInfo input : prefix.inputs()) {
      planes.add(
          new PrefixLayout.Plane(
              input.name(), (int) input.size(1), Math.toIntExact(input.size(3))));
      leaves.put(input.name(), prefix.leaf(input.name()));
    }
    return new ForwardGraph(graph, new PrefixLayout(hidden, planes), scale, leaves);
  }

  private static void requireDecoder(Graph graph) {
    if (graph.output(LOGITS) == null || graph.input(IDS) == null) {
      throw new UnsupportedModelException(
          "Expected a decoder with the input \""
              + IDS
              + "\" and the output \""
              + LOGITS
              + "\", found "
              + graph.inputs()
              + " and "
              + graph.outputs());
    }
  }

  Graph graph() {
    return graph;
  }

  PrefixLayout layout() {
    return layout;
  }

  /** What the model multiplies its embeddings by; 1 for most. */
  float embeddingScale() {
    return embeddingScale;
  }

  /** For each input of the prefix the tensor [rows, …] that the layers read for it. */
  Map<String, String> leaves() {
    return leaves;
  }

  /** Removes what no output needs and describes the inputs that are left. */
  GraphInputs prune() {
    graph.removeDead();
    for (TensorInfo input : graph.inputs()) {
      if (graph.consumers(input.name()).isEmpty()) {
        graph.removeInput(input.name());
      }
    }
    return GraphInputs.of(graph, layout, embeddingScale);
  }
}
