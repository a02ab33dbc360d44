package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.patchkit.BaseModel;
import io.patchkit.ContextOverflowException;
import io.patchkit.CorruptModelException;
import io.patchkit.EmbeddingSpace;
import io.patchkit.GenerationOptions;
import io.patchkit.IncompatiblePatchException;
import io.patchkit.IncompatiblePatchException.Mismatch;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.PatchkitException;
import io.patchkit.Prompt;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.Tensor;
import io.patchkit.onnx.graph.TensorInfo;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.TrainingRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong is refused before any native call, by a message that names it. */
class BadInputTest {

  private static final Path CASES = Path.of("src/test/resources/cases");

  private static OnnxModel model;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    model = OnnxModel.open(CASES.resolve("llama-gqa"));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void refusesRequestsThatExceedTheContext() {
    int[] prompt = new int[100];
    Arrays.fill(prompt, 5);
    GenerationOptions options = GenerationOptions.defaults().withMaxNewTokens(29);
    assertThatThrownBy(() -> model.stream(Prompt.tokens(prompt), options))
        .isInstanceOf(ContextOverflowException.class)
        .hasMessageContaining("needs 129 positions")
        .hasMessageContaining("context has 128");
    assertThat(model.generate(Prompt.tokens(prompt), options.withMaxNewTokens(28)).promptTokens())
        .isEqualTo(100);
    assertThatThrownBy(() -> model.score(Prompt.tokens(prompt), prompt))
        .isInstanceOf(ContextOverflowException.class)
        .hasMessageContaining("the continuation");
  }

  @Test
  void readsPromptsInOneChunkAtMost() {
    OnnxOptions options = OnnxOptions.defaults().withPrefillChunk(Integer.MAX_VALUE);
    try (OnnxModel whole = OnnxModel.open(CASES.resolve("llama-gqa"), options)) {
      assertThat(whole.nextTokenLogits("The river")).isEqualTo(model.nextTokenLogits("The river"));
    }
  }

  @Test
  void refusesTokensBeyondTheVocabulary() {
    for (int bad : new int[] {-1, 384, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> model.nextTokenLogits(Prompt.tokens(5, bad)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("token 1 is " + bad + "; allowed: 0 to 383");
      assertThatThrownBy(() -> model.score(Prompt.tokens(5), new int[] {bad}))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> model.embeddings(new int[] {bad}))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> model.score(Prompt.tokens(5), new int[0]))
        .hasMessageContaining("continuation has no tokens");
  }

  @Test
  void refusesToTrainOnTokensBeyondTheVocabulary() {
    try (DifferentiableModel differentiable = model.differentiable()) {
      AnswerTokens answer = AnswerTokens.of(new int[] {5}, new int[] {6});
      for (int bad : new int[] {-1, 384}) {
        refusesId("tokens", bad, () -> differentiable.embeddings(new int[] {5, bad}));
        refusesId("tokens", bad, () -> differentiable.keyValues(new int[] {5, bad}));
      }
      refusesId(
          "tokens of row 1",
          384,
          () ->
              differentiable.topLogProbabilities(
                  null, List.of(answer, AnswerTokens.of(new int[] {384}, new int[] {5})), 3));
      KeyValuePrefix prefix = differentiable.keyValues(new int[] {5});
      TrainingRow row = row(384, 6);
      refusesId("tokens of row 0", 384, () -> differentiable.logProbabilities(null, List.of(row)));
      refusesId("tokens of row 0", 384, () -> differentiable.gradient(prefix, List.of(row)));
      List<TrainingRow> target = List.of(row(5, 384));
      refusesId("target 0 of row 0", 384, () -> differentiable.logProbabilities(null, target));
      refusesId("target 0 of row 0", 384, () -> differentiable.gradient(prefix, target));
      for (int k : new int[] {0, 385}) {
        assertThatThrownBy(() -> differentiable.topLogProbabilities(null, List.of(answer), k))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("k is " + k + "; allowed: 1 to 384");
      }
      assertThat(differentiable.topLogProbabilities(null, List.of(answer), 384)).hasSize(1);
    }
  }

  private static void refusesId(String field, int id, ThrowingCallable use) {
    assertThatThrownBy(use)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(field + ": the id is " + id + "; allowed: 0 to 383");
  }

  private static TrainingRow row(int token, int target) {
    return TrainingRow.of(new int[] {token}, new int[] {1}, new int[] {target}, new double[] {1});
  }

  @Test
  void startsFromTheBosTokenOrRefusesAnEmptyPrompt() throws IOException {
    assertThat(model.nextTokenLogits(Prompt.tokens()))
        .isEqualTo(model.nextTokenLogits(Prompt.tokens(1)));
    Path copy = copy("llama-gqa");
    for (String file : List.of("config.json", "genai_config.json", "generation_config.json")) {
      Path json = copy.resolve(file);
      Files.writeString(
          json,
          Files.readString(json).replaceAll("\"bos_token_id\": *1", "\"bos_token_id\": null"));
    }
    try (OnnxModel without = OnnxModel.open(copy)) {
      assertThatThrownBy(() -> without.generate(Prompt.tokens(), GenerationOptions.defaults()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("prompt has no tokens");
    }
  }

  @Test
  void namesWhatOfAPatchDoesNotFit() {
    assertMismatch(
        Mismatch.SHAPE, soft(16, base(List.of(), null)), "hiddenSize of the patch is 16");
    assertMismatch(
        Mismatch.SHAPE,
        Patch.of(manifest(base(List.of(), null)), KeyValuePrefix.of(5, 1, 1, new float[10])),
        "layers of the patch is 5");
    int hidden = model.shape().hiddenSize();
    String other = "0".repeat(64);
    assertMismatch(
        Mismatch.TOKENIZER,
        soft(hidden, base(List.of(), other)),
        "expected fingerprint " + other + ", but llama-gqa has " + model.tokenizer().fingerprint());
    assertMismatch(
        Mismatch.BASE_MODEL,
        soft(hidden, base(List.of(other), null)),
        "among [" + other + "], but llama-gqa has " + model.fingerprint());
    Patch fitting =
        soft(hidden, base(List.of(other, model.fingerprint()), model.tokenizer().fingerprint()));
    assertThat(model.withPatch(fitting).nextTokenLogits("The")).hasSize(384);
    Patch tooLong =
        Patch.of(
            manifest(base(List.of(), null)),
            SoftPrompt.of(hidden, EmbeddingSpace.LAYER_INPUT, new float[128 * hidden]));
    assertMismatch(Mismatch.CONTEXT, tooLong, "128 virtual tokens");
  }

  @Test
  void fitsExportsThatWriteTheSameVocabularyInAnotherWay() throws Exception {
    Patch patch = soft(model.shape().hiddenSize(), BaseModel.of(model));
    Path rewritten = copy("llama-gqa");
    Path file = rewritten.resolve("tokenizer.json");
    ObjectNode tokenizer = (ObjectNode) new ObjectMapper().readTree(file.toFile());
    tokenizer.set("added_tokens", tokenizer.remove("added_tokens"));
    Files.writeString(file, tokenizer.toPrettyString());
    try (OnnxModel other = OnnxModel.open(rewritten)) {
      assertThat(other.withPatch(patch).nextTokenLogits("The")).hasSize(384);
    }
    ObjectNode added = (ObjectNode) tokenizer.get("added_tokens").get(0);
    added.put("content", added.get("content").asText() + "x");
    Files.writeString(file, tokenizer.toString());
    try (OnnxModel other = OnnxModel.open(rewritten)) {
      assertThatThrownBy(() -> other.withPatch(patch))
          .isInstanceOf(IncompatiblePatchException.class)
          .hasMessageContaining("use the tokenizer.json that belongs to the patch's base")
          .extracting(e -> ((IncompatiblePatchException) e).mismatch())
          .isEqualTo(Mismatch.TOKENIZER);
    }
  }

  @Test
  void asksForTheEmbeddingSpaceWhereItMatters() {
    Path adapter = CASES.resolve("gemma/peft-a");
    try (OnnxModel gemma = OnnxModel.open(CASES.resolve("gemma"))) {
      assertThat(gemma.shape().embeddingScale()).isGreaterThan(1);
      assertThatThrownBy(() -> gemma.withPatch(Patch.fromPeft(adapter)))
          .isInstanceOf(IncompatiblePatchException.class)
          .hasMessageContaining("TOKEN_TABLE")
          .extracting(e -> ((IncompatiblePatchException) e).mismatch())
          .isEqualTo(Mismatch.EMBEDDING_SPACE);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "model.onnx, has no graph",
    "model.onnx.data, model.onnx.data",
    "tokenizer.json, tokenizer.json"
  })
  void namesAMissingFile(String file, String message) throws IOException {
    Path copy = copy("llama-gqa");
    Files.delete(copy.resolve(file));
    assertThatThrownBy(() -> OnnxModel.open(copy))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining(message);
  }

  @Test
  void needsOneConfiguration() throws IOException {
    Path copy = copy("llama-gqa");
    Files.delete(copy.resolve("config.json"));
    OnnxModel.open(copy).close();
    Files.delete(copy.resolve("genai_config.json"));
    assertThatThrownBy(() -> OnnxModel.open(copy))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("neither config.json nor genai_config.json");
    assertThatThrownBy(() -> OnnxModel.open(folder.resolve("nowhere")))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("is not a folder");
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.onnx", "model.onnx.data", "tokenizer.json", "genai_config.json"})
  void refusesTruncatedAndDamagedFiles(String file) throws IOException {
    Path copy = copy("llama-gqa");
    byte[] good = Files.readAllBytes(copy.resolve(file));
    Random random = new Random(3);
    for (int i = 0; i < 12; i++) {
      Files.write(copy.resolve(file), Arrays.copyOf(good, random.nextInt(good.length)));
      assertThatThrownBy(() -> OnnxModel.open(copy)).isInstanceOf(PatchkitException.class);
    }
  }

  /** The past becomes a constant of no positions, so that the graph is whole but has no cache. */
  @Test
  void refusesAGraphWithoutPastInputs() throws IOException {
    Path copy = copy("llama-gqa");
    Graph graph = ModelFile.read(copy.resolve("model.onnx")).graph();
    for (TensorInfo input : graph.inputs()) {
      if (input.name().startsWith("past_key_values")) {
        graph.removeInput(input.name());
        graph.add(
            Initializer.of(input.name(), Tensor.ofFloats(new long[] {1, 2, 0, 16}, new float[0])));
      }
    }
    Files.write(copy.resolve("model.onnx"), graph.toBytes());
    assertThatThrownBy(() -> OnnxModel.open(copy))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("no past inputs")
        .hasMessageContaining("text-generation-with-past");
  }

  private static void assertMismatch(Mismatch mismatch, Patch patch, String message) {
    IncompatiblePatchException refused =
        catchThrowableOfType(IncompatiblePatchException.class, () -> model.withPatch(patch));
    assertThat(refused.mismatch()).isEqualTo(mismatch);
    assertThat(refused).hasMessageContaining(patch.id()).hasMessageContaining(message);
  }

  private static Patch soft(int hidden, BaseModel base) {
    return Patch.of(
        manifest(base), SoftPrompt.of(hidden, EmbeddingSpace.LAYER_INPUT, new float[2 * hidden]));
  }

  private static BaseModel base(List<String> fingerprints, String tokenizer) {
    return new BaseModel("base", fingerprints, tokenizer, 0, 0, 0, 0);
  }

  private static PatchManifest manifest(BaseModel base) {
    return PatchManifest.of("p", SemanticVersion.parse("1.0.0"), base, Instant.EPOCH);
  }

  private Path copy(String name) throws IOException {
    Path target = Files.createDirectory(folder.resolve(name));
    try (Stream<Path> files = Files.list(CASES.resolve(name))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
    }
    return target;
  }
}
