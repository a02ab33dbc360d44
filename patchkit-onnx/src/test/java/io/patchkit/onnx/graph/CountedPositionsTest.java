package io.patchkit.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.onnx.DecoderCase;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CountedPositionsTest {

  private static final String POSITIONS = "position_ids";

  static Stream<DecoderCase> cases() {
    return DecoderCase.all();
  }

  /**
   * Optimum's Gemma has a causal mask that goes on counting, and a rotary embedding that is told.
   */
  @ParameterizedTest
  @MethodSource("cases")
  void onlyGraphsThatCountAreChanged(DecoderCase model) {
    boolean counts = model.name().matches("gemma(-tf5)?");
    Graph graph = model.graph();
    assertThat(CountedPositions.expose(graph, POSITIONS)).isEqualTo(counts);
    if (!counts) {
      assertThat(graph.toBytes()).isEqualTo(model.graph().toBytes());
      return;
    }
    long[] ids = model.prompt(0);
    float[] before = DecoderRun.run(model, model.graph().toBytes(), ids, Map.of(), "logits");
    float[] after = DecoderRun.run(model, graph.toBytes(), ids, Map.of(), "logits");
    assertThat(after).containsExactly(before, Offset.offset(0f));
  }

  @Test
  void rowsTurnByTheirOwnPositions() {
    Graph graph = graph("width", 1);
    assertThat(CountedPositions.expose(graph, POSITIONS)).isTrue();
    Node lifted = graph.producer("lifted");
    assertThat(lifted.input(0)).isEqualTo(POSITIONS);
    assertThat(graph.producer("compared").input(0)).isEqualTo("count");
  }

  @Test
  void aCountFromElsewhereIsLeftAlone() {
    assertLeftAlone(graph("zero", 1));
  }

  @Test
  void rotationsThatLoseTheRowsAreLeftAlone() {
    assertLeftAlone(graph("width", 0));
  }

  @Test
  void anglesThatFollowFromMoreThanTheCountAreLeftAlone() {
    Graph graph = graph("width", 1);
    graph.replaceInput(graph.producer("angles"), 1, "scales");
    assertLeftAlone(graph);
  }

  @Test
  void aSecondRotaryEmbeddingOfAnotherKindIsLeftAlone() {
    Graph graph = graph("width", 1);
    graph.add(Node.of("Sin", List.of("scales"), List.of("other")));
    assertLeftAlone(graph);
  }

  private static void assertLeftAlone(Graph graph) {
    byte[] before = graph.toBytes();
    assertThat(CountedPositions.expose(graph, POSITIONS)).isFalse();
    assertThat(graph.toBytes()).isEqualTo(before);
  }

  /**
   * Cosines of counted positions.
   *
   * @param start where the count starts: "width" of the past, or "zero"
   * @param headAxis where the cosines get the dimension of the heads
   */
  private static Graph graph(String start, long headAxis) {
    Graph graph = new Graph(8, 18);
    Dim rows = Dim.of("batch");
    graph.addInput(
        TensorInfo.of("past", ElementType.FLOAT, rows, Dim.of(1), Dim.of("past"), Dim.of(4)));
    graph.addInput(TensorInfo.of("end", ElementType.INT64));
    graph.addInput(TensorInfo.of("scales", ElementType.FLOAT, rows, Dim.of(1), Dim.of(2)));
    graph.add(Initializer.of("zero", Tensor.scalar(0L)));
    graph.add(Initializer.of("one", Tensor.scalar(1L)));
    graph.add(Initializer.of("two", Tensor.scalar(2L)));
    graph.add(Initializer.of("frequencies", Tensor.ofFloats(new long[] {1, 1, 2}, new float[2])));
    graph.add(Node.of("Shape", List.of("past"), List.of("shape")));
    graph.add(Node.of("Gather", List.of("shape", "two"), List.of("width")));
    graph.add(Node.of("Range", List.of(start, "end", "one"), List.of("range")));
    graph.add(unsqueeze(graph, "range", "count", 0));
    graph.add(Node.of("LessOrEqual", List.of("count", "end"), List.of("compared")));
    graph.add(unsqueeze(graph, "count", "lifted", 2));
    graph.add(Node.of("Cast", List.of("lifted"), List.of("numbers")).with("to", 1));
    graph.add(Node.of("MatMul", List.of("numbers", "frequencies"), List.of("angles")));
    graph.add(Node.of("Cos", List.of("angles"), List.of("cosines")));
    graph.add(unsqueeze(graph, "cosines", "of_heads", headAxis));
    graph.add(Node.of("Mul", List.of("past", "of_heads"), List.of("turned")));
    graph.addOutput(TensorInfo.of("turned", ElementType.FLOAT));
    graph.addOutput(TensorInfo.of("compared", ElementType.BOOL));
    return graph;
  }

  private static Node unsqueeze(Graph graph, String from, String to, long axis) {
    String axes = graph.constant("axes", Tensor.ofLongs(axis));
    return Node.of("Unsqueeze", List.of(from, axes), List.of(to));
  }
}
