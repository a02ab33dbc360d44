package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Dim;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import io.patchkit.onnx.graph.TensorInfo;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Fused normalisations taken apart, against the runtime's own operators. */
class DecompositionsTest {

  private static final int WIDTH = 6;

  /**
   * A fused node, and inputs so small that ε decides.
   *
   * @param size standard deviation of the inputs
   */
  private record Fused(String name, Node node, double size) {

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Fused> normalisations() {
    Node skipRms = skip("SkipSimplifiedLayerNormalization", "x", "skip", "w");
    Node skipRmsWithBias = skip("SkipSimplifiedLayerNormalization", "x", "skip", "w", "b");
    Node skipLayer = skip("SkipLayerNormalization", "x", "skip", "w", "b");
    Node rms = Node.of("RMSNormalization", List.of("x", "w"), List.of("y"));
    return Stream.of(
        new Fused("residual and RMS", skipRms, 1e-6),
        new Fused("residual, bias and RMS", skipRmsWithBias, 1e-6),
        new Fused("residual and RMS with epsilon", skipRms.with("epsilon", 1e-3f), 1e-2),
        new Fused("residual and layer", skipLayer, 1e-6),
        new Fused("residual and layer with epsilon", skipLayer.with("epsilon", 1e-3f), 1e-2),
        new Fused("RMS", rms, 1e-3),
        new Fused("RMS with epsilon", rms.with("epsilon", 1e-3f), 1e-2),
        new Fused("RMS over the last axis", rms.with("axis", 2), 1),
        new Fused("RMS over two axes", rms.with("axis", 1), 1));
  }

  private static Node skip(String opType, String... inputs) {
    return Node.of(opType, List.of(inputs), List.of("y")).in(Node.MICROSOFT);
  }

  @ParameterizedTest
  @MethodSource("normalisations")
  void whatIsTakenApartComputesTheSame(Fused fused) throws OrtException {
    Random random = new Random(7);
    Graph graph = new Graph(10, 23);
    graph.importOpset(Node.MICROSOFT, 1);
    Map<String, float[]> feeds = new HashMap<>();
    for (String input : fused.node().inputs()) {
      if (input.equals("x") || input.equals("skip")) {
        graph.addInput(
            TensorInfo.of(input, ElementType.FLOAT, Dim.of("a"), Dim.of("b"), Dim.of(WIDTH)));
        feeds.put(input, normal(random, 2 * 3 * WIDTH, fused.size()));
      } else {
        double size = input.equals("w") ? 1 : fused.size();
        graph.add(
            Initializer.of(
                input, Tensor.ofFloats(new long[] {WIDTH}, normal(random, WIDTH, size))));
      }
    }
    graph.add(fused.node());
    graph.addOutput(TensorInfo.inferred("y"));
    Graph apart = graph.copy();
    PrefixInputs prefix = PrefixInputs.rewire(apart, "x", false);
    Decompositions.apply(
        apart, new Attention(new CausalMask(new Ops(apart, "/mask/"), "x", prefix), prefix));

    assertThat(apart.nodes()).extracting(Node::opType).doesNotContain(fused.node().opType());
    assertThat(run(apart, feeds)).containsExactly(run(graph, feeds), within(1e-4f));
  }

  @Test
  void anRmsOverSeveralAxesHasNoRule() {
    RuleCheck check = new RuleCheck(new Random(7)).input("x", 2, 3, 6).constant("w", 3, 6);
    Node node =
        Node.of("SimplifiedLayerNormalization", List.of("x", "w"), List.of("y")).with("axis", 1);
    assertThatThrownBy(() -> check.node(node).error("y"))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("several axes are normalised together");
  }

  private static float[] normal(Random random, int count, double size) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) (size * random.nextGaussian());
    }
    return numbers;
  }

  private static float[] run(Graph graph, Map<String, float[]> feeds) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> tensors = new HashMap<>();
    for (Map.Entry<String, float[]> feed : feeds.entrySet()) {
      tensors.put(
          feed.getKey(),
          OnnxTensor.createTensor(
              environment, FloatBuffer.wrap(feed.getValue()), new long[] {2, 3, WIDTH}));
    }
    try (OrtSession session = environment.createSession(graph.toBytes());
        OrtSession.Result result = session.run(tensors)) {
      FloatBuffer buffer = ((OnnxTensor) result.get("y").orElseThrow()).getFloatBuffer();
      float[] numbers = new float[buffer.remaining()];
      buffer.get(numbers);
      return numbers;
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }
}
