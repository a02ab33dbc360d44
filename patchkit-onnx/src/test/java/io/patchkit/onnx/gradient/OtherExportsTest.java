package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.onnx.ModelCopy;
import io.patchkit.onnx.OnnxModel;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.TensorInfo;
import io.patchkit.train.Gradient;
import io.patchkit.train.TrainingRow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exporters name and type the inputs of one decoder in different ways; it is trained alike. */
class OtherExportsTest {

  private static final Path CASES = Path.of("src/test/resources/cases");
  private static final int[] TOKENS = {9, 31, 77};
  private static final List<TrainingRow> ROWS =
      List.of(
          TrainingRow.of(
              new int[] {12, 200, 33, 8},
              new int[] {2, 3, 4},
              new int[] {33, 9, 50},
              new double[] {0.5, 1, -1.5}));

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "past_KIND_LAYER, present_KIND_LAYER",
    "past_key_values.LAYER.KIND, present_key_values.LAYER.KIND",
    "past_KINDs.LAYER, present_KINDs.LAYER"
  })
  void namesOfTheCache(String past, String present) {
    requireAlike("llama-gqa", graph -> rename(graph, past, present));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa", "gpt2", "gemma"})
  void idsOf32Bits(String name) {
    requireAlike(name, graph -> ModelCopy.retype(graph, ElementType.INT32));
  }

  private void requireAlike(String name, Consumer<Graph> change) {
    Path whole = CASES.resolve(name);
    Path other = ModelCopy.of(whole, folder.resolve(name), change);
    try (DifferentiableDecoder expected = open(whole);
        DifferentiableDecoder found = open(other);
        OnnxModel model = OnnxModel.open(other)) {
      float[] embeddings = expected.embeddings(TOKENS);
      KeyValuePrefix keyValues = expected.keyValues(TOKENS);
      assertThat(found.embeddings(TOKENS)).isEqualTo(embeddings);
      assertThat(model.embeddings(TOKENS)).isEqualTo(embeddings);
      assertThat(found.keyValues(TOKENS).rows()).isEqualTo(keyValues.rows());
      SoftPrompt soft =
          SoftPrompt.of(embeddings.length / TOKENS.length, EmbeddingSpace.LAYER_INPUT, embeddings);
      for (Prefix prefix : List.of(keyValues, soft)) {
        assertThat(found.logProbabilities(prefix, ROWS).row(0))
            .isEqualTo(expected.logProbabilities(prefix, ROWS).row(0));
        Gradient gradient = found.gradient(prefix, ROWS);
        assertThat(gradient.values()).isEqualTo(expected.gradient(prefix, ROWS).values());
      }
    }
  }

  private static DifferentiableDecoder open(Path folder) {
    return DifferentiableDecoder.open(
        ModelFile.read(folder.resolve("model.onnx")), GradientOptions.defaults().withThreads(1));
  }

  private static void rename(Graph graph, String past, String present) {
    for (TensorInfo input : graph.inputs()) {
      if (input.name().startsWith("past_key_values.")) {
        String to = name(input.name(), past);
        graph.replaceUses(input.name(), to);
        graph.removeInput(input.name());
        graph.addInput(new TensorInfo(to, input.type(), input.dims()));
      }
    }
    List<TensorInfo> outputs = new ArrayList<>();
    for (TensorInfo output : graph.outputs()) {
      String to = output.name();
      if (to.startsWith("present.")) {
        to = name(output.name(), present);
        Node node = graph.producer(output.name());
        List<String> names = new ArrayList<>(node.outputs());
        names.set(names.indexOf(output.name()), to);
        graph.setOutputs(node, names);
        graph.replaceUses(output.name(), to);
      }
      outputs.add(new TensorInfo(to, output.type(), output.dims()));
    }
    graph.setOutputs(outputs);
  }

  /** Where the old name ends in layer and kind. */
  private static String name(String old, String pattern) {
    String[] parts = old.split("\\.");
    return pattern
        .replace("LAYER", parts[parts.length - 2])
        .replace("KIND", parts[parts.length - 1]);
  }
}
