package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.ContinuationScore;
import io.patchkit.EmbeddingSpace;
import io.patchkit.GenerationOptions;
import io.patchkit.Prompt;
import io.patchkit.SoftPrompt;
import io.patchkit.onnx.gradient.DifferentiableDecoder;
import io.patchkit.onnx.gradient.GradientOptions;
import io.patchkit.onnx.graph.Dim;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.LogitProjection;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import io.patchkit.onnx.graph.TensorInfo;
import io.patchkit.train.Gradient;
import io.patchkit.train.TrainingRow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exports whose logits are those of the last position do whatever the others do. */
class LastPositionTest {

  private static final Path CASES = Path.of("src/test/resources/cases");
  private static final Prompt PROMPT = Prompt.tokens(5, 91, 12, 40);
  private static final int[] CONTINUATION = {33, 8, 200, 17, 64};

  @TempDir Path folder;

  /** In the builder's form, and in one that nothing recognises. */
  @ParameterizedTest
  @CsvSource({"llama, true", "llama, false", "llama-gqa, true", "llama-int4, true", "gemma, true"})
  void scoresAndGenerates(String name, boolean isBuilders) {
    GenerationOptions options =
        GenerationOptions.defaults().withMaxNewTokens(8).withIgnoreStopTokens(true);
    try (OnnxModel whole = OnnxModel.open(CASES.resolve(name));
        OnnxModel last = OnnxModel.open(lastOnly(name, isBuilders))) {
      ContinuationScore expected = whole.score(PROMPT, CONTINUATION);
      ContinuationScore found = last.score(PROMPT, CONTINUATION);
      assertThat(found.tokens()).isEqualTo(expected.tokens());
      for (int i = 0; i < CONTINUATION.length; i++) {
        assertThat(found.logProbabilities().get(i))
            .isCloseTo(expected.logProbabilities().get(i), Offset.offset(1e-4));
      }
      assertThat(last.generate(PROMPT, options).tokens())
          .isEqualTo(whole.generate(PROMPT, options).tokens());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa", "gemma"})
  void hasTheSameGradient(String name) {
    TrainingRow row =
        TrainingRow.of(
            new int[] {12, 200, 33, 8},
            new int[] {2, 3, 4},
            new int[] {33, 9, 50},
            new double[] {0.5, 1, -1.5});
    GradientOptions options = GradientOptions.defaults().withThreads(1);
    Path spliced = lastOnly(name, true);
    try (DifferentiableDecoder whole =
            DifferentiableDecoder.open(model(CASES.resolve(name)), options);
        DifferentiableDecoder last = DifferentiableDecoder.open(model(spliced), options)) {
      float[] embeddings = whole.embeddings(new int[] {9, 31});
      SoftPrompt prefix =
          SoftPrompt.of(embeddings.length / 2, EmbeddingSpace.LAYER_INPUT, embeddings);
      Gradient expected = whole.gradient(prefix, List.of(row));
      Gradient found = last.gradient(prefix, List.of(row));
      assertThat(found.logProbabilities().row(0))
          .containsExactly(expected.logProbabilities().row(0), Offset.offset(1e-5));
      assertThat(found.values()).containsExactly(expected.values(), Offset.offset(1e-5f));
    }
  }

  private static ModelFile model(Path folder) {
    return ModelFile.read(folder.resolve("model.onnx"));
  }

  private Path lastOnly(String name, boolean isBuilders) {
    return ModelCopy.of(
        CASES.resolve(name), folder.resolve(name), graph -> prune(graph, isBuilders));
  }

  /** Computes logits as the builder's prune_lm_head does. */
  private static void prune(Graph graph, boolean isBuilders) {
    LogitProjection projection = LogitProjection.find(graph, "logits");
    String index = graph.constant("/lm_head/last", Tensor.scalar(-1L));
    String axis = graph.constant("/lm_head/axis", Tensor.ofLongs(1));
    graph.add(
        Node.of("Gather", List.of(projection.hidden(), index), List.of("/lm_head/Gather"))
            .with("axis", 1));
    String one = graph.add("Unsqueeze", "/lm_head/Unsqueeze", "/lm_head/Gather", axis);
    if (!isBuilders) {
      one = graph.add("Identity", "/lm_head/Identity", one);
    }
    graph.replaceInput(projection.product(), 0, one);
    TensorInfo logits = graph.output("logits");
    List<Dim> dims = new ArrayList<>(logits.dims());
    dims.set(1, Dim.of(1));
    graph.addOutput(new TensorInfo("logits", logits.type(), dims));
    graph.clearValueInfos();
  }
}
