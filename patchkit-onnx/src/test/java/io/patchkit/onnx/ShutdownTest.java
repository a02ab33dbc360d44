package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A process that is asked to stop while it generates ends as one that was asked to. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no signals")
class ShutdownTest {

  private static final int ENDED_BY_SIGTERM = 128 + 15;
  private static final String READY = "generating";

  @Test
  void endsWithoutACrash() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+SuppressFatalErrorMessage");
    if (Runtime.version().feature() >= 22) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), Generating.class.getName()));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      assertThat(output.readLine()).isEqualTo(READY);
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(ENDED_BY_SIGTERM);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Generates without end. */
  static final class Generating {

    private Generating() {}

    public static void main(String... args) {
      GenerationOptions options =
          GenerationOptions.defaults().withMaxNewTokens(100).withIgnoreStopTokens(true);
      try (OnnxModel model = OnnxModel.open(Path.of("src/test/resources/cases/llama-int4"))) {
        generate(model, options);
        System.out.println(READY);
        while (true) {
          generate(model, options);
        }
      }
    }

    private static void generate(LanguageModel model, GenerationOptions options) {
      model.generate("The river", options);
    }
  }
}
