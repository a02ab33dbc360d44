package io.patchkit.onnx.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GgufImportTest {

  private static final int[] IDS = {1, 75, 104, 111, 259, 3, 200, 42, 42, 17, 2, 120};

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void tiedCheckpointsOfEveryTypeAgreeWithTheReference(GgmlType type) throws Exception {
    verify(TinyLlama.tied(type, 11));
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "Q4_0", "Q4_1", "Q4_K", "Q6_K"})
  void untiedOutputsAgreeWithTheReference(GgmlType type) throws Exception {
    GgufBytes gguf = TinyLlama.tied(type, 12);
    int vocabulary = TinyLlama.ByteLevelVocabulary.SIZE;
    TinyLlama.matrix(
        gguf, new Random(5), "output.weight", GgmlType.Q6_K, TinyLlama.HIDDEN, vocabulary);
    verify(gguf);
  }

  @Test
  void projectionsOfMixedTypesAgreeWithTheReference() throws Exception {
    verify(TinyLlama.of(GgmlType.Q4_K, GgmlType.Q6_K, GgmlType.F16, 13));
    verify(TinyLlama.of(GgmlType.F32, GgmlType.BF16, GgmlType.Q8_0, 14));
  }

  @Test
  void ropeFactorsAndScalingAndBiasesAreHonoured() throws Exception {
    float[] factors = {1, 1, 1.5f, 2, 3, 4, 8, 8};
    GgufBytes gguf =
        TinyLlama.tied(GgmlType.F16, 15)
            .put("llama.rope.scaling.type", "linear")
            .put("llama.rope.scaling.factor", 4f)
            .floats("rope_freqs.weight", factors, factors.length);
    Random random = new Random(3);
    for (String which : List.of("attn_q", "attn_k", "attn_output", "ffn_up", "ffn_down")) {
      int length =
          switch (which) {
            case "attn_q" -> TinyLlama.HEADS * TinyLlama.HEAD_DIM;
            case "attn_k" -> TinyLlama.KEY_VALUE_HEADS * TinyLlama.HEAD_DIM;
            default -> TinyLlama.HIDDEN;
          };
      float[] bias = new float[length];
      for (int i = 0; i < length; i++) {
        bias[i] = (float) random.nextGaussian();
      }
      gguf.floats("blk.1." + which + ".bias", bias, length);
    }
    verify(gguf);
  }

  @Test
  void equalCheckpointsGiveEqualFolders() throws Exception {
    Path checkpoint = write(TinyLlama.tied(GgmlType.Q4_1, 16));
    GgufImport.convert(checkpoint, folder.resolve("a"));
    GgufImport.convert(checkpoint, folder.resolve("b"));
    List<Path> files = list(folder.resolve("a"));
    assertThat(files)
        .extracting(path -> path.getFileName().toString())
        .containsExactly(
            "chat_template.jinja",
            "config.json",
            "genai_config.json",
            "generation_config.json",
            "model.onnx",
            "model.onnx.data",
            "tokenizer.json",
            "tokenizer_config.json");
    for (Path file : files) {
      assertThat(folder.resolve("b").resolve(file.getFileName())).hasSameBinaryContentAs(file);
    }
  }

  @Test
  void progressGrowsToTheWhole() throws Exception {
    List<Long> done = new ArrayList<>();
    GgufImport.convert(
        write(TinyLlama.tied(GgmlType.Q8_0, 17)),
        folder.resolve("model"),
        GgufImport.Weights.AS_STORED,
        (bytes, total) -> {
          done.add(bytes);
          assertThat(bytes).isBetween(0L, total);
          if (done.size() == 1) {
            assertThat(bytes).isZero();
          }
        });
    assertThat(done).isSorted().hasSizeGreaterThan(10);
    assertThat(done.get(done.size() - 1)).isGreaterThan(500_000);
  }

  @Test
  void failureLeavesNothingBehind() throws Exception {
    Path checkpoint = write(TinyLlama.tied(GgmlType.Q8_0, 18));
    assertThatThrownBy(
            () ->
                GgufImport.convert(
                    checkpoint,
                    folder.resolve("model"),
                    GgufImport.Weights.AS_STORED,
                    (done, total) -> {
                      if (done > total / 2) {
                        throw new IllegalStateException("cancelled");
                      }
                    }))
        .hasMessage("cancelled");
    assertThat(list(folder)).containsExactly(checkpoint);
  }

  @Test
  void anExistingFolderIsLeftAlone() throws Exception {
    Path taken = Files.createDirectory(folder.resolve("taken"));
    Path mine = Files.createFile(taken.resolve("mine"));
    Path checkpoint = write(TinyLlama.tied(GgmlType.Q8_0, 19));
    assertThatThrownBy(() -> GgufImport.convert(checkpoint, taken))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is there already");
    assertThat(list(taken)).containsExactly(mine);
  }

  /** Weights exact to rounding; with activations in eight bits still the same model. */
  private void verify(GgufBytes gguf) throws Exception {
    Path checkpoint = write(gguf);
    Path model = folder.resolve("model-" + System.nanoTime());
    GgufImport.convert(checkpoint, model);
    double[][] expected;
    try (GgufFile file = GgufFile.open(checkpoint)) {
      expected = new ReferenceLlama(file).logits(IDS);
    }
    try (ImportedModel exact = ImportedModel.openExact(model);
        ImportedModel fast = ImportedModel.open(model)) {
      assertThat(relativeError(exact.logits(IDS), expected)).isLessThan(1e-5);
      assertThat(relativeError(fast.logits(IDS), expected)).isLessThan(0.1);
    }
    Path floats = folder.resolve("floats-" + System.nanoTime());
    GgufImport.convert(checkpoint, floats, GgufImport.Weights.FLOAT32);
    assertThat(Files.readString(floats.resolve("model.onnx"), StandardCharsets.ISO_8859_1))
        .doesNotContain("MatMulNBits");
    try (ImportedModel decoded = ImportedModel.open(floats)) {
      assertThat(relativeError(decoded.logits(IDS), expected)).isLessThan(1e-5);
    }
  }

  /** Root mean square of the error over that of the expected values. */
  private static double relativeError(float[][] found, double[][] expected) {
    double errors = 0;
    double squares = 0;
    for (int p = 0; p < expected.length; p++) {
      for (int i = 0; i < expected[p].length; i++) {
        double error = found[p][i] - expected[p][i];
        errors += error * error;
        squares += expected[p][i] * expected[p][i];
      }
    }
    return Math.sqrt(errors / squares);
  }

  private Path write(GgufBytes gguf) throws IOException {
    return Files.write(folder.resolve("model.gguf"), gguf.build());
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }
}
