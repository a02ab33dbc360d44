package io.patchkit.onnx.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.EmbeddingSpace;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.onnx.gradient.DifferentiableDecoder;
import io.patchkit.onnx.gradient.DirectionalCheck;
import io.patchkit.onnx.gradient.GradientOptions;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.SelectedPositions;
import io.patchkit.onnx.graph.VirtualTokens;
import io.patchkit.train.TrainingRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An imported graph is one that the rest of the backend can operate on. */
class ImportedGraphTest {

  private static final int[] IDS = {1, 75, 104, 111, 259, 3, 200, 42};

  /** On some processors the kernels of the last product round one row otherwise than many. */
  private static final Offset<Float> ROUNDING = within(2e-5f);

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(names = {"F16", "Q4_0", "Q4_1", "Q8_0", "Q3_K", "Q4_K", "Q6_K"})
  void virtualTokensAndSelectedPositionsKeepTheLogits(GgmlType type) throws Exception {
    Path checkpoint = Files.write(folder.resolve("model.gguf"), TinyLlama.tied(type, 21).build());
    Path model = folder.resolve("model");
    GgufImport.convert(checkpoint, model);
    Graph graph = ModelFile.read(model.resolve("model.onnx")).graph();
    assertThat(VirtualTokens.augment(graph, "input_ids").hidden()).isEqualTo(TinyLlama.HIDDEN);
    assertThat(SelectedPositions.select(graph, "logits"))
        .isEqualTo(SelectedPositions.Outcome.SELECTED);
    long[] last = {IDS.length - 1};
    try (ImportedModel plain = ImportedModel.open(model);
        ImportedModel edited = new ImportedModel(graph.toBytes(), model)) {
      float[] expected = plain.logits(IDS)[IDS.length - 1];
      float[][] nothing = new float[1][TinyLlama.HIDDEN];
      assertThat(edited.logits(IDS, inputs(nothing, last))[0]).containsExactly(expected, ROUNDING);
      int[] mirrored = new int[IDS.length];
      for (int i = 0; i < IDS.length; i++) {
        mirrored[i] = -1 - i;
      }
      assertThat(edited.logits(mirrored, inputs(embeddings(checkpoint), last))[0])
          .containsExactly(expected, ROUNDING);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "Q4_0", "Q4_1", "Q5_1", "Q8_0", "Q3_K", "Q6_K"})
  void gradientsAgreeWithFiniteDifferences(GgmlType type) throws Exception {
    Path checkpoint = Files.write(folder.resolve("model.gguf"), TinyLlama.tied(type, 22).build());
    Path model = folder.resolve("model");
    GgufImport.convert(checkpoint, model);
    List<TrainingRow> rows =
        List.of(
            TrainingRow.of(
                new int[] {1, 75, 104, 111, 259, 2},
                new int[] {3, 4, 5},
                new int[] {111, 259, 2},
                new double[] {1, 1, 1}),
            TrainingRow.of(
                new int[] {200, 42, 17, 3},
                new int[] {2, 3},
                new int[] {17, 3},
                new double[] {-0.5, -0.5}));
    try (DifferentiableDecoder decoder =
        DifferentiableDecoder.open(
            ModelFile.read(model.resolve("model.onnx")),
            GradientOptions.defaults().withThreads(1))) {
      KeyValuePrefix past = decoder.keyValues(new int[] {5, 17, 230});
      List<Prefix> prefixes =
          List.of(
              SoftPrompt.of(
                  TinyLlama.HIDDEN,
                  EmbeddingSpace.LAYER_INPUT,
                  noisy(new float[3 * TinyLlama.HIDDEN])),
              KeyValuePrefix.of(
                  past.layers(), past.keyValueHeads(), past.headDim(), noisy(past.rows())));
      for (Prefix prefix : prefixes) {
        assertThat(DirectionalCheck.relativeError(decoder, prefix, rows, 7))
            .as(prefix.toString())
            .isLessThan(5e-3);
      }
    }
  }

  private static float[] noisy(float[] numbers) {
    Random random = new Random(5);
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] += 0.5f * (float) random.nextGaussian();
    }
    return numbers;
  }

  private static Map<String, Object> inputs(float[][] rows, long[] positions) {
    return Map.of(VirtualTokens.ROWS, rows, SelectedPositions.POSITIONS, positions);
  }

  /** The rows of the ids, decoded without the graph. */
  private static float[][] embeddings(Path checkpoint) throws IOException {
    float[][] rows = new float[IDS.length][TinyLlama.HIDDEN];
    try (GgufFile file = GgufFile.open(checkpoint)) {
      WeightRows table = new WeightRows(file.require("token_embd.weight"), 0);
      table.forEachChunk(
          file,
          (bytes, first, count) -> {
            for (int i = 0; i < IDS.length; i++) {
              table.decode(bytes, table.offset(IDS[i]), new Block(), rows[i]);
            }
          });
    }
    return rows;
  }
}
