package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.TensorInfo;
import io.patchkit.onnx.graph.VirtualTokens;
import java.util.HashSet;
import java.util.Set;

/**
 * Which inputs a graph has, and what it allows them to be.
 *
 * @param names all of them
 * @param prefix how a prefix is fed
 * @param embeddingScale what rows of the embedding table are multiplied by before they are fed
 * @param maxWidth how many tokens a line of the batch may have: ONNX Runtime rotates no more than
 *     the cache of cosines has rows, whatever their positions are. Integer.MAX_VALUE without one
 */
record GraphInputs(Set<String> names, PrefixLayout prefix, float embeddingScale, int maxWidth) {

  static final String MASK = "attention_mask";
  static final String POSITIONS = "position_ids";

  /** Which rows of a line a token belongs to; only where the graph's attention is ours. */
  static final String SEGMENTS = "segment_ids";

  private static final Set<String> KNOWN =
      Set.of(
          ForwardGraph.IDS,
          MASK,
          POSITIONS,
          SEGMENTS,
          VirtualTokens.ROWS,
          LossHead.POSITIONS,
          LossHead.TARGETS,
          LossHead.WEIGHTS,
          LossHead.REST_WEIGHTS,
          LossHead.ARE_TARGETS,
          LossHead.COUNT);

  GraphInputs {
    names = Set.copyOf(names);
  }

  static GraphInputs of(Graph graph, PrefixLayout prefix, float embeddingScale) {
    Set<String> names = new HashSet<>();
    for (TensorInfo input : graph.inputs()) {
      names.add(input.name());
      if (!KNOWN.contains(input.name()) && !prefix.isPlane(input.name())) {
        throw new UnsupportedModelException(
            "Expected the inputs of a text decoder, found \"" + input.name() + "\"");
      }
    }
    return new GraphInputs(names, prefix, embeddingScale, rotaryRows(graph));
  }

  private static int rotaryRows(Graph graph) {
    long rows = Integer.MAX_VALUE;
    for (Node node : graph.nodes()) {
      if (node.isMicrosoft("RotaryEmbedding")) {
        Initializer cosines = graph.initializer(node.input(2));
        if (cosines != null && cosines.dims().length == 2) {
          rows = Math.min(rows, cosines.dims()[0]);
        }
      }
    }
    return (int) rows;
  }

  boolean has(String name) {
    return names.contains(name);
  }
}
