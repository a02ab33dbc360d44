package io.patchkit.onnx.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import io.patchkit.EngineException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxRuntimeTest {

  /** What is run in a process of its own: starts the environment twice. */
  static final class Start {

    private Start() {}

    public static void main(String... args) {
      for (int i = 0; i < 2; i++) {
        try {
          System.out.println(OnnxRuntime.environment().getVersion());
        } catch (EngineException e) {
          System.out.println("refused: " + e.getMessage());
        }
      }
    }
  }

  @TempDir Path folder;

  /** Version 1.29 ended the process with SIGSEGV from some 4,000 characters on. */
  @Test
  void startsWhateverTheLengthOfTheCommandLine() throws Exception {
    List<String> options = List.of("-Dlong=" + "x".repeat(20_000));
    assertThat(JavaProcess.run(folder, options, Start.class))
        .startsWith("0 ")
        .contains(OrtEnvironment.getEnvironment().getVersion());
  }

  @Test
  void saysEachTimeWhyItDoesNotStart() throws Exception {
    List<String> options = List.of("-Donnxruntime.native.path=" + folder);
    assertThat(JavaProcess.run(folder, options, Start.class))
        .startsWith("0 ")
        .containsPattern(
            "(?s)refused: ONNX Runtime does not start.*refused: ONNX Runtime does not");
  }
}
