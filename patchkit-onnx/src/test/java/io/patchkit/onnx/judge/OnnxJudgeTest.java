package io.patchkit.onnx.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl;
import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import io.patchkit.evaluate.Exchange;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import io.patchkit.onnx.ModelCopy;
import io.patchkit.onnx.graph.ElementType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against scores that numpy, sklearn and Keras gave without ONNX; make_judges.py wrote them. */
class OnnxJudgeTest {

  private static final Path JUDGES = Path.of("src/test/resources/judges");
  private static final Path FOLDER = JUDGES.resolve("folder");
  private static final Path STRINGS = JUDGES.resolve("strings.onnx");

  private static final Path WORDS = JUDGES.resolve("words/model.onnx");
  private static final Path VOCABULARY = JUDGES.resolve("words/vocabulary.json");

  private static JsonObject expected() throws IOException {
    return StrictJson.loadObject(JUDGES.resolve("expected.json"), JsonLimits.defaults());
  }

  private static List<Exchange> exchanges(String field) throws IOException {
    List<Exchange> exchanges = new ArrayList<>();
    for (String text : expected().array(field).strings()) {
      exchanges.add(new Exchange("unseen", text));
    }
    return exchanges;
  }

  private static void assertScores(List<Double> found, JsonArray expected) {
    assertThat(found).hasSize(expected.size());
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i)).isCloseTo(expected.number(i, 0, 1), within(1e-5));
    }
  }

  @Test
  void scoresAsAFolderDoes() throws IOException {
    try (OnnxJudge judge = OnnxJudge.openFolder("tiny", FOLDER, "rude")) {
      assertScores(judge.scores(exchanges("texts")), expected().array("folder"));
      assertThat(judge.id().toString()).matches("tiny [0-9a-f]{12}");
      Exchange pair = new Exchange("a", "cake");
      assertThat(judge.withPrompts().score(pair))
          .isEqualTo(judge.score(Exchange.text("a\ncake")))
          .isNotEqualTo(judge.score(pair));
    }
    try (OnnxJudge kind = OnnxJudge.openFolder("tiny", FOLDER, "kind")) {
      assertThat(kind.scores(exchanges("texts")).get(0))
          .isCloseTo(1 - expected().array("folder").number(0, 0, 1), within(1e-5));
    }
  }

  /** As tf2onnx exports classifiers. */
  @Test
  void takesIdsOf32Bits(@TempDir Path temporary) throws IOException {
    Path narrow =
        ModelCopy.of(
            FOLDER,
            temporary.resolve("int32"),
            graph -> ModelCopy.retype(graph, ElementType.INT32));
    try (OnnxJudge judge = OnnxJudge.openFolder("tiny", narrow, "rude")) {
      assertScores(judge.scores(exchanges("texts")), expected().array("folder"));
    }
    Path floats =
        ModelCopy.of(
            FOLDER,
            temporary.resolve("float"),
            graph -> ModelCopy.retype(graph, ElementType.FLOAT));
    assertThatThrownBy(() -> OnnxJudge.openFolder("tiny", floats, "rude"))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("all of type INT64 or INT32");
  }

  @Test
  void scoresAsStringsDo() throws IOException {
    try (OnnxJudge judge = OnnxJudge.openStrings("tf-idf", STRINGS, "probabilities", 1)) {
      assertScores(judge.scores(exchanges("texts")), expected().array("strings"));
      assertThat(judge.scores(List.of())).isEmpty();
    }
  }

  @Test
  void bearsCharactersThatModifiedUtf8WritesOtherwise() {
    try (OnnxJudge judge = OnnxJudge.openStrings("tf-idf", STRINGS, "probabilities", 1)) {
      double plain = judge.score(Exchange.text("the soup was awful \uFFFD \uFFFD \uFFFD"));
      assertThat(judge.score(Exchange.text("the soup was awful \0 \uD83D\uDE00 \uD83D")))
          .isEqualTo(plain);
    }
  }

  @Test
  void scoresAsWordsDo() throws IOException {
    try (OnnxJudge judge = OnnxJudge.openWords("keras", WORDS, VOCABULARY, "scores", 1)) {
      assertScores(judge.scores(exchanges("wordTexts")), expected().array("words"));
    }
  }

  /** Observations are kept by a judge's version: whatever changes a score changes it. */
  @Test
  void hasAVersionOfAllThatDecidesItsScores(@TempDir Path copy) throws IOException {
    List<String> versions = new ArrayList<>();
    versions.add(version(OnnxJudge.openStrings("s", STRINGS, "probabilities", 0)));
    versions.add(version(OnnxJudge.openStrings("s", STRINGS, "probabilities", 1)));
    versions.add(version(OnnxJudge.openWords("w", WORDS, VOCABULARY, "scores", 1)));
    Path vocabulary = copy.resolve("vocabulary.json");
    Files.writeString(vocabulary, Files.readString(VOCABULARY).replaceFirst("\\{", "{\"zzz\": 1,"));
    versions.add(version(OnnxJudge.openWords("w", WORDS, vocabulary, "scores", 1)));
    versions.add(version(OnnxJudge.openFolder("f", FOLDER, "rude")));
    versions.add(version(OnnxJudge.openFolder("f", FOLDER, "kind")));
    for (String name : List.of("model.onnx", "tokenizer.json", "config.json")) {
      Files.copy(FOLDER.resolve(name), copy.resolve(name));
    }
    assertThat(version(OnnxJudge.openFolder("f", copy, "rude"))).isEqualTo(versions.get(4));
    for (String name : List.of("tokenizer.json", "config.json")) {
      Files.writeString(copy.resolve(name), "\n", StandardOpenOption.APPEND);
      versions.add(version(OnnxJudge.openFolder("f", copy, "rude")));
    }
    assertThat(versions).doesNotHaveDuplicates();
  }

  private static String version(OnnxJudge opened) {
    try (OnnxJudge judge = opened) {
      return judge.id().version();
    }
  }

  /** Two files of weights beside equal graphs; the version is all that looks at them. */
  @Test
  void hasAVersionOfTheWeightsBesideTheGraph(@TempDir Path folder) throws IOException {
    Path graph = folder.resolve("model.onnx");
    Path weights = folder.resolve("model.onnx_data");
    OnnxMl.TensorProto.Builder tensor =
        OnnxMl.TensorProto.newBuilder()
            .setName("w")
            .setDataType(OnnxMl.TensorProto.DataType.FLOAT_VALUE)
            .addDims(1)
            .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
            .addExternalData(
                OnnxMl.StringStringEntryProto.newBuilder()
                    .setKey("location")
                    .setValue(weights.getFileName().toString()));
    OnnxMl.GraphProto.Builder identity =
        OnnxMl.GraphProto.newBuilder()
            .addInitializer(tensor)
            .addNode(
                OnnxMl.NodeProto.newBuilder().setOpType("Identity").addInput("w").addOutput("y"))
            .addOutput(
                OnnxMl.ValueInfoProto.newBuilder()
                    .setName("y")
                    .setType(
                        OnnxMl.TypeProto.newBuilder()
                            .setTensorType(
                                OnnxMl.TypeProto.Tensor.newBuilder()
                                    .setElemType(OnnxMl.TensorProto.DataType.FLOAT_VALUE))));
    OnnxMl.ModelProto model =
        OnnxMl.ModelProto.newBuilder()
            .setGraph(identity)
            .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(17))
            .build();
    Files.write(graph, model.toByteArray());
    Files.write(weights, new byte[] {0, 0, 0, 0});
    String zero = JudgeVersion.of(graph, "y", 0, LabelScore.SIGMOID, List.of());
    assertThat(JudgeVersion.of(graph, "y", 0, LabelScore.SOFTMAX, List.of())).isNotEqualTo(zero);
    assertThat(JudgeVersion.of(graph, "z", 0, LabelScore.SIGMOID, List.of())).isNotEqualTo(zero);
    Files.write(weights, new byte[] {0, 0, 0, 1});
    assertThat(JudgeVersion.of(graph, "y", 0, LabelScore.SIGMOID, List.of())).isNotEqualTo(zero);
    Files.delete(weights);
    assertThatThrownBy(() -> JudgeVersion.of(graph, "y", 0, LabelScore.SIGMOID, List.of()))
        .isInstanceOf(CorruptModelException.class);
  }

  @Test
  void keepsItsNameInAViewWithPrompts() {
    try (OnnxJudge judge = OnnxJudge.openStrings("tf-idf", STRINGS, "probabilities", 1)) {
      assertThat(judge.names()).containsExactly("tf-idf");
      assertThat(judge.withPrompts().names())
          .containsExactlyInAnyOrder("tf-idf", "tf-idf with prompt");
    }
  }

  @Test
  void takesNoLogitsForProbabilities() {
    float[] rounded = {-0.0004f, 1.0004f};
    assertThat(LabelScore.PROBABILITY.of(rounded, 0)).isZero();
    assertThat(LabelScore.PROBABILITY.of(rounded, 1)).isEqualTo(1);
    for (float logit : new float[] {-0.01f, 1.01f, 3.5f, Float.NaN}) {
      assertThatThrownBy(() -> LabelScore.PROBABILITY.of(new float[] {logit}, 0))
          .isInstanceOf(UnsupportedModelException.class)
          .hasMessageStartingWith("expected probabilities, found " + (double) logit);
    }
  }

  @Test
  void saysWhatDoesNotFit() {
    assertThatThrownBy(() -> OnnxJudge.openWords("w", STRINGS, VOCABULARY, "probabilities", 1))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("of a fixed width");
    Path noVocabulary = FOLDER.resolve("config.json");
    assertThatThrownBy(() -> OnnxJudge.openWords("w", WORDS, noVocabulary, "scores", 1))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("expected an object from words to ids");
    assertThatThrownBy(() -> OnnxJudge.openFolder("tiny", FOLDER, "toxic"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("{\"0\":\"kind\",\"1\":\"rude\"}");
    assertThatThrownBy(() -> OnnxJudge.openFolder("tiny", JUDGES, "rude"))
        .isInstanceOf(CorruptModelException.class);
    assertThatThrownBy(() -> OnnxJudge.openStrings("s", STRINGS, "logits", 1))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("expected floats [rows, labels] called logits");
    assertThatThrownBy(() -> OnnxJudge.openStrings("s", STRINGS, "probabilities", 2))
        .hasMessageContaining("label is 2");
    assertThatThrownBy(() -> OnnxJudge.openStrings("s", FOLDER.resolve("model.onnx"), "logits", 1))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("expected one of strings");
  }

  @Test
  void answersNothingOnceClosed() {
    OnnxJudge judge = OnnxJudge.openStrings("tf-idf", STRINGS, "probabilities", 1);
    OnnxJudge view = judge.withPrompts();
    judge.close();
    judge.close();
    assertThatThrownBy(() -> view.score(Exchange.text("soup")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is closed");
  }
}
