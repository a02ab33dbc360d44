package io.patchkit.onnx.graph;

import static io.patchkit.onnx.graph.SelectedPositions.Outcome.LAST_POSITION_ONLY;
import static io.patchkit.onnx.graph.SelectedPositions.Outcome.SELECTED;
import static io.patchkit.onnx.graph.SelectedPositions.Outcome.UNRECOGNISED;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.onnx.DecoderCase;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SelectedPositionsTest {

  static Stream<DecoderCase> cases() {
    return DecoderCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void logitsAreThoseOfTheNamedPositions(DecoderCase model) {
    Graph selecting = model.graph();
    long[] ids = model.prompt(0);
    long[] positions = {ids.length - 1, 0, 3};

    assertThat(SelectedPositions.select(selecting, "logits")).isEqualTo(SELECTED);

    float[] all = DecoderRun.run(model, model.graph().toBytes(), ids, Map.of(), "logits");
    float[] some =
        DecoderRun.run(
            model,
            selecting.toBytes(),
            ids,
            Map.of(SelectedPositions.POSITIONS, positions),
            "logits");
    int vocabulary = all.length / ids.length;
    float[] expected = new float[positions.length * vocabulary];
    for (int i = 0; i < positions.length; i++) {
      System.arraycopy(all, (int) positions[i] * vocabulary, expected, i * vocabulary, vocabulary);
    }
    assertThat(some).containsExactly(expected, Offset.offset(1e-5f));
  }

  @Test
  void takesThePlaceOfAnExportsChoiceOfTheLastPosition() {
    Graph graph = graph();
    graph.add(last(graph));
    String column = graph.add("Unsqueeze", "column", "h", graph.constant("one", Tensor.ofLongs(1)));
    graph.add(Node.of("MatMul", List.of(column, "weight"), List.of("logits")));

    assertThat(SelectedPositions.select(graph, "logits")).isEqualTo(SELECTED);
    Node selection = graph.producer(graph.producer("logits").input(0));
    assertThat(selection.inputs()).containsExactly("hidden", SelectedPositions.POSITIONS);
  }

  @Test
  void leavesGraphAloneThatSelectsTheLastPositionInAnotherWay() {
    Graph graph = graph();
    graph.addOutput(TensorInfo.of("logits", ElementType.FLOAT, Dim.of(1), Dim.of(1), Dim.of(3)));
    graph.add(last(graph));
    graph.add(Node.of("Identity", List.of("h"), List.of("i")));
    graph.add(Node.of("MatMul", List.of("i", "weight"), List.of("logits")));
    byte[] before = graph.toBytes();

    assertThat(SelectedPositions.select(graph, "logits")).isEqualTo(LAST_POSITION_ONLY);
    assertThat(graph.toBytes()).isEqualTo(before);
  }

  private static Node last(Graph graph) {
    String index = graph.constant("last", Tensor.scalar(-1L));
    return Node.of("Gather", List.of("hidden", index), List.of("h")).with("axis", 1);
  }

  @Test
  void walksBackThroughSoftCapAndBias() {
    Graph graph = graph();
    String cap = graph.constant("cap", Tensor.scalar(30f));
    graph.add(Node.of("MatMul", List.of("hidden", "weight"), List.of("product")));
    graph.add(Node.of("Add", List.of(cap, "product"), List.of("biased")));
    graph.add(Node.of("Div", List.of("biased", cap), List.of("divided")));
    graph.add(Node.of("Tanh", List.of("divided"), List.of("tanh")));
    graph.add(Node.of("Mul", List.of("tanh", cap), List.of("logits")));

    assertThat(SelectedPositions.select(graph, "logits")).isEqualTo(SELECTED);
    Node projection = graph.producer("product");
    assertThat(projection.input(0)).isEqualTo(graph.consumers("hidden").get(0).output(0));
  }

  @Test
  void doesNotTakeAnotherProductForTheProjection() {
    Graph graph = graph();
    graph.add(Node.of("MatMul", List.of("hidden", "hidden"), List.of("logits")));

    assertThat(SelectedPositions.select(graph, "logits")).isEqualTo(UNRECOGNISED);
  }

  private static Graph graph() {
    Graph graph = new Graph(8, 18);
    Dim tokens = Dim.of("tokens");
    graph.addInput(TensorInfo.of("hidden", ElementType.FLOAT, Dim.of(1), tokens, Dim.of(2)));
    graph.add(Initializer.of("weight", Tensor.ofFloats(new long[] {2, 3}, new float[6])));
    graph.addOutput(TensorInfo.of("logits", ElementType.FLOAT, Dim.of(1), tokens, Dim.of(3)));
    return graph;
  }
}
