package io.patchkit.onnx.gradient;

import ai.onnxruntime.OrtException;
import io.patchkit.EngineException;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.TensorInfo;
import io.patchkit.onnx.graph.VirtualTokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A decoder's graph extended by its gradient with respect to a prefix. */
final class GradientGraph {

  private static final String IDS = "input_ids";
  private static final String LOGITS = "logits";
  private static final long MIN_OPSET = 16;

  private final byte[] model;
  private final GradientInputs inputs;
  private final List<String> gradients;

  private GradientGraph(byte[] model, GradientInputs inputs, List<String> gradients) {
    this.model = model;
    this.inputs = inputs;
    this.gradients = List.copyOf(gradients);
  }

  /** The graph in the protobuf's wire format, over the weights of the decoder's folder. */
  byte[] model() {
    return model.clone();
  }

  /** What a run must feed. */
  GradientInputs inputs() {
    return inputs;
  }

  /** The outputs that hold ∂J/∂prefix row by row, in the order of the prefix's layout. */
  List<String> gradients() {
    return gradients;
  }

  /**
   * Differentiates a decoder.
   *
   * @throws UnsupportedModelException if the decoder has inputs or operators that are not known
   */
  static GradientGraph of(ModelFile file, Parametrisation parametrisation) {
    Graph graph = file.graph();
    if (graph.opset("") < MIN_OPSET) {
      throw new UnsupportedModelException(
          "Expected a model of ONNX operator set "
              + MIN_OPSET
              + " or later, found "
              + graph.opset("")
              + "; export it again");
    }
    graph.importOpset(Node.MICROSOFT, 1);
    requireOutput(graph);
    graph.setOutputs(List.of(TensorInfo.inferred(LOGITS)));
    graph.clearValueInfos();
    graph.removeDead();

    String vectors = "";
    int hidden = 0;
    if (parametrisation == Parametrisation.SOFT_PROMPT) {
      VirtualTokens tokens = VirtualTokens.augment(graph, IDS);
      vectors = tokens.vectors();
      hidden = Math.toIntExact(tokens.hidden());
    }
    PrefixInputs prefix = PrefixInputs.rewire(graph, IDS, parametrisation);
    CausalMask mask = new CausalMask(new Ops(graph, "/patchkit/mask/"), IDS, prefix);
    Decompositions.apply(graph, new Attention(mask, prefix));
    TiedWeights.rewire(graph);
    String logits = LossHead.restrict(graph, LOGITS);
    graph.setOutputs(List.of(TensorInfo.inferred(logits)));
    prune(graph);

    List<PrefixLayout.Plane> planes = new ArrayList<>();
    Map<String, String> leaves = new LinkedHashMap<>();
    for (TensorInfo input : prefix.inputs()) {
      planes.add(
          new PrefixLayout.Plane(
              input.name(), (int) input.size(1), Math.toIntExact(input.size(3))));
      leaves.put(input.name(), prefix.leaf(input.name()));
    }
    if (leaves.isEmpty()) {
      leaves.put(VirtualTokens.ROWS, vectors);
    }
    PrefixLayout layout = new PrefixLayout(hidden, planes);
    GradientInputs inputs = inputs(graph, layout, false);
    Shapes shapes = probe(graph, file, inputs);

    List<Node> forward = graph.sorted();
    String seed = LossHead.write(graph, logits);
    Map<String, String> gradients =
        new ReverseWalk(graph, shapes)
            .differentiate(forward, Map.of(logits, seed), Set.copyOf(leaves.values()));
    List<String> outputs = outputs(graph, leaves, gradients);
    prune(graph);
    return new GradientGraph(graph.toBytes(), inputs(graph, layout, true), outputs);
  }

  private static void requireOutput(Graph graph) {
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

  /** Names the outputs; a soft prompt's gradient is that of the first positions of each row. */
  private static List<String> outputs(
      Graph graph, Map<String, String> leaves, Map<String, String> gradients) {
    Ops ops = new Ops(graph, "/patchkit/gradient/");
    List<TensorInfo> declared = new ArrayList<>();
    List<String> names = new ArrayList<>();
    declared.add(TensorInfo.inferred(LossHead.LOG_PROBABILITIES));
    for (Map.Entry<String, String> leaf : leaves.entrySet()) {
      String gradient = gradients.get(leaf.getValue());
      if (gradient == null) {
        throw new IllegalStateException("no gradient for " + leaf);
      }
      String name = "gradient." + leaf.getKey();
      if (leaf.getKey().equals(VirtualTokens.ROWS)) {
        String rows = ops.dim(VirtualTokens.ROWS, 0);
        ops.op(
            Node.of("Slice", List.of(gradient, ops.longs(0), rows, ops.longs(1)), List.of(name)));
      } else {
        ops.op(Node.of("Identity", List.of(gradient), List.of(name)));
      }
      names.add(name);
      declared.add(TensorInfo.inferred(name));
    }
    graph.setOutputs(declared);
    return names;
  }

  private static void prune(Graph graph) {
    graph.removeDead();
    for (TensorInfo input : graph.inputs()) {
      if (graph.consumers(input.name()).isEmpty()) {
        graph.removeInput(input.name());
      }
    }
  }

  private static GradientInputs inputs(Graph graph, PrefixLayout layout, boolean hasLoss) {
    boolean hasMask = false;
    boolean hasPositions = false;
    for (TensorInfo input : graph.inputs()) {
      switch (input.name()) {
        case GradientInputs.MASK -> hasMask = true;
        case GradientInputs.POSITIONS -> hasPositions = true;
        case IDS, VirtualTokens.ROWS, LossHead.POSITIONS, LossHead.TARGETS, LossHead.WEIGHTS -> {}
        default -> {
          if (layout.planes().stream().noneMatch(p -> p.input().equals(input.name()))) {
            throw new UnsupportedModelException(
                "Expected the inputs of a text decoder, found \"" + input.name() + "\"");
          }
        }
      }
    }
    return new GradientInputs(IDS, hasMask, hasPositions, hasLoss, layout);
  }

  private static Shapes probe(Graph graph, ModelFile file, GradientInputs inputs) {
    try (Batch first = probeBatch(inputs, 2, 5, 3);
        Batch second = probeBatch(inputs, 3, 7, 4)) {
      return ShapeProbe.run(graph, file.folder(), first.feeds(), second.feeds());
    } catch (OrtException e) {
      throw new EngineException(
          "The decoder did not run over a batch of short rows: " + e.getMessage(), e);
    }
  }

  /** A batch in which no two sizes are equal, and none is 1. */
  private static Batch probeBatch(GradientInputs inputs, int rows, int tokens, int length)
      throws OrtException {
    List<Example> batch = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      float[] weights = new float[tokens + 1];
      Arrays.fill(weights, tokens - length, tokens + 1, 1);
      batch.add(Example.weighted(new int[tokens + 1], weights));
    }
    float[] prefix = new float[length * inputs.prefix().width()];
    for (int i = 0; i < prefix.length; i++) {
      prefix[i] = 0.01f * (i % 7 - 3);
    }
    return Batch.of(inputs, batch, prefix);
  }
}
