package io.patchkit.onnx.gradient;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.KeyValuePrefix;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.DecoderCase;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.TensorInfo;
import io.patchkit.train.TrainingRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FloatPrecisionTest {

  @TempDir Path folder;

  /** What an export with 16-bit keys and values declares. */
  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "BFLOAT16"})
  void refusesDecodersIn16BitsAndSaysWhatToDo(ElementType type) throws IOException {
    DecoderCase decoder =
        DecoderCase.all()
            .filter(found -> found.name().equals("llama-gqa"))
            .findFirst()
            .orElseThrow();
    try (Stream<Path> files = Files.list(decoder.folder())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, folder.resolve(file.getFileName().toString()));
      }
    }
    Graph graph = decoder.model().graph();
    String past = "past_key_values.0.key";
    TensorInfo declared = Objects.requireNonNull(graph.input(past));
    graph.removeInput(past);
    graph.addInput(new TensorInfo(past, type, declared.dims()));
    Path file = folder.resolve("model.onnx");
    Files.write(file, graph.toBytes());

    try (DifferentiableDecoder model =
        DifferentiableDecoder.open(ModelFile.read(file), GradientOptions.defaults())) {
      TrainingRow row =
          TrainingRow.of(new int[] {5, 6}, new int[] {1}, new int[] {6}, new double[] {1});
      assertThatThrownBy(
              () -> model.gradient(KeyValuePrefix.of(1, 1, 1, new float[] {0, 0}), List.of(row)))
          .isInstanceOf(UnsupportedModelException.class)
          .hasMessageContaining(type + " in \"" + past + "\"")
          .hasMessageContaining("float32");
    }
  }
}
