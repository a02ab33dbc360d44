package io.patchkit;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The tools of others that tests run, as {@code .ci/interop-tools.sh} installs them. Where one is
 * missing the test is skipped with a message, or fails if {@code -Dpatchkit.interop.required=true}.
 */
public final class Interop {

  private static final Duration LIMIT = Duration.ofSeconds(120);

  /**
   * What a tool said.
   *
   * @param exit its exit status
   * @param output standard output and error
   */
  public record Result(int exit, String output) {}

  private Interop() {}

  /** A file below the tools' folder, {@code venv/bin/python} for one. */
  public static Path tool(String path) {
    Path tool = folder().resolve(path);
    if (!Files.isExecutable(tool)) {
      notTested(tool + " is missing; source .ci/interop-tools.sh installs it");
    }
    return tool;
  }

  /** Ends a test that needs what is not there: loudly, and as a failure where it is required. */
  public static void notTested(String reason) {
    String message = "NOT TESTED: " + reason;
    if (Boolean.getBoolean("patchkit.interop.required")) {
      fail(message);
    }
    System.err.println(message);
    abort(message);
  }

  private static Path folder() {
    String folder = System.getenv("PATCHKIT_INTEROP");
    if (folder != null) {
      return Path.of(folder);
    }
    String cache = System.getenv("XDG_CACHE_HOME");
    return (cache == null ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(cache))
        .resolve("patchkit-interop");
  }

  /** Runs a command to its end, within two minutes. */
  public static Result run(List<Object> command) throws IOException, InterruptedException {
    return run(LIMIT, command);
  }

  /** Runs a command to its end, within the limit. */
  public static Result run(Duration limit, List<Object> command)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>();
    for (Object word : command) {
      words.add(word.toString());
    }
    Path output = Files.createTempFile("interop", ".txt");
    try {
      Process process =
          new ProcessBuilder(words)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        fail(words + " ran longer than " + limit);
      }
      return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    } finally {
      Files.delete(output);
    }
  }
}
