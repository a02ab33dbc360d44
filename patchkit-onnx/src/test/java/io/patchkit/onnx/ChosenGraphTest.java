package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.CorruptModelException;
import io.patchkit.Prompt;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.TrainingRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A folder with several graphs, as onnx-community has them. */
class ChosenGraphTest {

  private static final Path CASES = Path.of("src/test/resources/cases");
  private static final Prompt PROMPT = Prompt.text("The river");

  @TempDir Path folder;

  /** The llama case in floats at its place, in 4 bits as {@code q4/model.onnx}. */
  @BeforeEach
  void create() throws IOException {
    copy(CASES.resolve("llama"), folder, "");
    copy(CASES.resolve("llama-int4"), Files.createDirectory(folder.resolve("q4")), "model.onnx");
  }

  private static void copy(Path from, Path to, String prefix) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (file.getFileName().toString().startsWith(prefix)) {
          Files.copy(file, to.resolve(file.getFileName()));
        }
      }
    }
  }

  private OnnxModel open(String graph) {
    return OnnxModel.open(folder, OnnxOptions.defaults().withGraph(graph));
  }

  @Test
  void isTheModelOfItsOwnFolder() {
    try (OnnxModel floats = OnnxModel.open(folder);
        OnnxModel chosen = open("q4/model.onnx");
        OnnxModel alone = OnnxModel.open(CASES.resolve("llama-int4"))) {
      assertThat(chosen.fingerprint())
          .isEqualTo(alone.fingerprint())
          .isNotEqualTo(floats.fingerprint());
      assertThat(chosen.nextTokenLogits(PROMPT))
          .isEqualTo(alone.nextTokenLogits(PROMPT))
          .isNotEqualTo(floats.nextTokenLogits(PROMPT));
    }
  }

  @Test
  void isWhatIsTrainedOn() throws IOException {
    Files.createDirectory(folder.resolve("onnx"));
    Files.move(folder.resolve("model.onnx"), folder.resolve("onnx/model_fp32.onnx"));
    try (OnnxModel chosen = open("onnx/model_fp32.onnx");
        OnnxModel alone = OnnxModel.open(CASES.resolve("llama"))) {
      assertThat(logProbabilities(chosen)).isEqualTo(logProbabilities(alone));
    }
  }

  private static double logProbabilities(OnnxModel model) {
    TrainingRow row =
        TrainingRow.of(
            new int[] {5, 6, 7, 8}, new int[] {1, 2}, new int[] {7, 8}, new double[] {1, 1});
    try (DifferentiableModel differentiable = model.differentiable()) {
      return differentiable.logProbabilities(null, List.of(row)).sum(0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"../model.onnx", "/etc/model.onnx", "q4/../../model.onnx"})
  void staysInTheFolder(String graph) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open(graph))
        .withMessageStartingWith("graph is " + graph + "; allowed: ");
  }

  @Test
  void namesTheGraphsThereAre() throws IOException {
    assertThatThrownBy(() -> open("q8/model.onnx"))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageEndingWith(
            "has no graph; expected the file q8/model.onnx, found model.onnx, q4/model.onnx;"
                + " choose one with OnnxOptions.withGraph");
    Files.delete(folder.resolve("model.onnx"));
    assertThatThrownBy(() -> OnnxModel.open(folder))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("expected the file model.onnx or onnx/model.onnx")
        .hasMessageContaining("found q4/model.onnx; choose one");
    Files.delete(folder.resolve("q4/model.onnx"));
    assertThatThrownBy(() -> OnnxModel.open(folder))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageEndingWith("or onnx/model.onnx; export or fetch the model again");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> open(" "))
        .withMessage("graph is blank; allowed: the path of a file");
  }
}
