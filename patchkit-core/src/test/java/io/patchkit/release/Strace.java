package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.Interop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** strace, which shows what a program asks of the kernel, and can give its calls other results. */
final class Strace {

  private static final Duration LIMIT = Duration.ofMinutes(10);

  private final Path tool;

  private Strace(Path tool) {
    this.tool = tool;
  }

  /** Ends the test where there is none or where it may not trace. */
  static Strace find() throws IOException, InterruptedException {
    Path tool = Interop.tool("bin/strace");
    Interop.Result probe = Interop.run(List.of(tool, "-f", "-e", "trace=none", "true"));
    if (probe.exit() != 0) {
      Interop.notTested("strace may not trace here: " + probe.output());
    }
    return new Strace(tool);
  }

  /** A folder in memory where that is possible: what is written there is for no one to keep. */
  static Path folder() throws IOException {
    Path memory = Path.of("/dev/shm");
    return Files.isWritable(memory)
        ? Files.createTempDirectory(memory, "strace").toRealPath()
        : Files.createTempDirectory("strace").toRealPath();
  }

  /** What a program of the tests says, which has to end well. */
  String run(List<Object> options, Class<?> program, Object... arguments)
      throws IOException, InterruptedException {
    List<Object> command = new ArrayList<>(List.of(tool, "-f", "--seccomp-bpf", "-qq"));
    command.addAll(options);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java"));
    command.addAll(
        List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx64m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    command.addAll(List.of(arguments));
    Interop.Result result = Interop.run(LIMIT, command);
    assertThat(result.exit()).as(result.output()).isZero();
    return result.output();
  }
}
