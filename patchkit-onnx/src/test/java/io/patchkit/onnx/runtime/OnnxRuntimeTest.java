package io.patchkit.onnx.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxRuntimeTest {

  /** What is run with a long command line. */
  static final class Start {

    private Start() {}

    public static void main(String... args) {
      System.out.println(OnnxRuntime.environment().getVersion());
    }
  }

  @TempDir Path folder;

  /** Version 1.29 ended the process with SIGSEGV from some 4,000 characters on. */
  @Test
  void startsWhateverTheLengthOfTheCommandLine() throws Exception {
    Path output = folder.resolve("output");
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dlong=" + "x".repeat(20_000),
                "-cp",
                classPath,
                Start.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int status = process.waitFor();
    assertThat(List.of(status, Files.readString(output)).toString())
        .startsWith("[0, ")
        .contains(OrtEnvironment.getEnvironment().getVersion());
  }
}
