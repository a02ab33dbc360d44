package io.patchkit.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.DecoderCase;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class VirtualTokensTest {

  static Stream<DecoderCase> cases() {
    return DecoderCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void idsFromZeroOnGiveTheSameBits(DecoderCase model) {
    Graph augmented = model.graph();
    VirtualTokens tokens = VirtualTokens.augment(augmented, "input_ids");
    long[] ids = model.prompt(0);

    float[] plain = DecoderRun.run(model, model.graph().toBytes(), ids, Map.of(), "logits");
    float[] same =
        DecoderRun.run(
            model,
            augmented.toBytes(),
            ids,
            Map.of(VirtualTokens.ROWS, new float[1][(int) tokens.hidden()]),
            "logits");

    assertThat(same).isEqualTo(plain);
    assertThat(tokens.vocabulary()).isEqualTo(model.expected().at("/model/vocab_size").asLong());
    assertThat(tokens.hidden()).isEqualTo(model.expected().at("/model/hidden_size").asLong());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void negativeIdsGiveTheValuesOfPeft(DecoderCase model) {
    Graph graph = model.graph();
    VirtualTokens.augment(graph, "input_ids");
    float[][] prefix = model.adapter("a");
    for (float[] row : prefix) {
      for (int i = 0; i < row.length; i++) {
        row[i] *= model.inputScale();
      }
    }
    long[] prompt = model.prompt(1);
    long[] ids = new long[prefix.length + prompt.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i < prefix.length ? -1 - i : prompt[i - prefix.length];
    }

    float[] logits =
        DecoderRun.run(model, graph.toBytes(), ids, Map.of(VirtualTokens.ROWS, prefix), "logits");

    float[] expected = DecoderCase.floats(model.expected().at("/values/a/1/last_logits"));
    float[] last = Arrays.copyOfRange(logits, logits.length - expected.length, logits.length);
    assertThat(last).containsExactly(expected, Offset.offset(model.isInt4() ? 0.5f : 1e-3f));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void rowsOfTheEmbeddingTableStandForTheirTokens(DecoderCase model) {
    long[] prompt = model.prompt(0);
    EmbeddingTable table = EmbeddingTable.of(model.graph(), "input_ids");
    float[] vectors =
        DecoderRun.run(model, table.graph().toBytes(), prompt, Map.of(), EmbeddingTable.VECTORS);
    int hidden = (int) table.hidden();
    float[][] rows = new float[prompt.length][];
    long[] ids = new long[prompt.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = -1 - i;
      rows[i] = Arrays.copyOfRange(vectors, i * hidden, (i + 1) * hidden);
    }
    Graph graph = model.graph();
    VirtualTokens.augment(graph, "input_ids");
    byte[] augmented = graph.toBytes();

    assertThat(DecoderRun.run(model, augmented, ids, Map.of(VirtualTokens.ROWS, rows), "logits"))
        .isEqualTo(
            DecoderRun.run(model, augmented, prompt, Map.of(VirtualTokens.ROWS, rows), "logits"));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void scaleIsTheOneTheModelAppliesToItsTable(DecoderCase model) {
    float scale = VirtualTokens.augment(model.graph(), "input_ids").scale();

    boolean isGemma = model.expected().at("/model/model_type").asText().startsWith("gemma");
    double hidden = model.expected().at("/model/hidden_size").asDouble();
    assertThat(scale).isEqualTo(isGemma ? (float) Math.sqrt(hidden) : 1);
  }

  /** Unsqueeze has its axes as an attribute there. */
  @Test
  void takesOlderOperatorSets() {
    Graph graph = new Graph(6, 11);
    graph.addInput(
        TensorInfo.of("input_ids", ElementType.INT64, Dim.of("batch"), Dim.of("tokens")));
    graph.add(
        Initializer.of("table", Tensor.ofFloats(new long[] {2, 2}, new float[] {1, 2, 3, 4})));
    graph.add(Node.of("Gather", List.of("table", "input_ids"), List.of("vectors")));
    graph.add(Node.of("Neg", List.of("vectors"), List.of("logits")));
    graph.addOutput(
        TensorInfo.of("logits", ElementType.FLOAT, Dim.of("b"), Dim.of("t"), Dim.of(2)));
    VirtualTokens.augment(graph, "input_ids");

    float[] found =
        DecoderRun.run(
            DecoderCase.all().findFirst().orElseThrow(),
            graph.toBytes(),
            new long[] {1, -1, 0},
            Map.of(VirtualTokens.ROWS, new float[][] {{8, 9}}),
            "logits");

    assertThat(found).containsExactly(-3, -4, -8, -9, -1, -2);
  }

  @Test
  void refusesGraphWithoutEmbeddingLookup() {
    Graph graph = new Graph(8, 18);
    graph.addInput(TensorInfo.of("input_ids", ElementType.INT64, Dim.of("n")));
    graph.add(
        Node.of("Cast", List.of("input_ids"), List.of("logits"))
            .with("to", ElementType.FLOAT.number()));

    assertThatThrownBy(() -> VirtualTokens.augment(graph, "input_ids"))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("input_ids");
  }
}
