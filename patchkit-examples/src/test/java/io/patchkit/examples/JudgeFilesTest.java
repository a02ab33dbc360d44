package io.patchkit.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.evaluate.Exchange;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import io.patchkit.onnx.judge.OnnxJudge;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against the scores that Keras and sklearn gave; see the judges of the ONNX tests. */
class JudgeFilesTest {

  private static final Path JUDGES = Path.of("../patchkit-onnx/src/test/resources/judges");

  @TempDir Path folder;

  private static JsonObject expected() throws IOException {
    return StrictJson.loadObject(JUDGES.resolve("expected.json"), JsonLimits.defaults());
  }

  private static void assertScores(OnnxJudge judge, List<String> texts, JsonArray expected) {
    assertThat(texts).hasSize(expected.size());
    for (int i = 0; i < texts.size(); i++) {
      assertThat(judge.score(Exchange.text(texts.get(i))))
          .as(texts.get(i))
          .isCloseTo(expected.number(i, 0, 1), within(1e-5));
    }
  }

  @Test
  void opensAGraphOverWordsByTheVocabularyBesideIt() throws IOException {
    Path graph = folder.resolve("polite.onnx");
    Files.copy(JUDGES.resolve("words/model.onnx"), graph);
    Files.copy(JUDGES.resolve("words/vocabulary.json"), folder.resolve("polite-vocab.json"));
    JsonObject expected = expected();
    try (OnnxJudge judge = JudgeFiles.open(graph)) {
      assertThat(judge.id().name()).isEqualTo("polite");
      assertScores(
          judge, expected.array("wordTexts").strings(), expected.array("firstLabelOfWords"));
    }
  }

  @Test
  void opensAGraphOverStringsWithoutOne() throws IOException {
    JsonObject expected = expected();
    try (OnnxJudge judge = JudgeFiles.open(JUDGES.resolve("strings.onnx"))) {
      assertScores(judge, expected.array("texts").strings(), expected.array("strings"));
    }
  }
}
