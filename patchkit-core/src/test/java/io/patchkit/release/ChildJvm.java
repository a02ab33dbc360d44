package io.patchkit.release;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * Starts a program of the tests in a JVM of its own, many times and soon: small, and with its
 * classes from an archive, which the first run writes.
 */
final class ChildJvm {

  private final List<String> options;
  private final String program;

  private ChildJvm(List<String> options, String program) {
    this.options = options;
    this.program = program;
  }

  /**
   * Runs the program once to its end and archives the classes that it used.
   *
   * @param folder for the archive and the jars that it is of; directories cannot be archived
   */
  static ChildJvm archived(Path folder, Class<?> program, String... arguments)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    List<String> classPath = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path path = Path.of(entry);
      Path jar = folder.resolve(classPath.size() + ".jar");
      if (Files.isDirectory(path)) {
        pack(path, jar);
      }
      classPath.add(Files.isDirectory(path) ? jar.toString() : entry);
    }
    List<String> options =
        List.of(
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-Xmx32m",
            "-cp",
            String.join(File.pathSeparator, classPath));
    Path archive = folder.resolve("classes.jsa");
    List<String> writing = new ArrayList<>(options);
    writing.add("-XX:ArchiveClassesAtExit=" + archive);
    int exit =
        new ChildJvm(writing, program.getName())
            .builder(arguments)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("archive.log").toFile())
            .start()
            .waitFor();
    if (exit != 0) {
      throw new IOException(Files.readString(folder.resolve("archive.log")));
    }
    List<String> reading = new ArrayList<>(options);
    // Without an archive it runs as well, only later.
    reading.add("-Xshare:auto");
    reading.add("-XX:SharedArchiveFile=" + archive);
    return new ChildJvm(reading, program.getName());
  }

  Process start(String... arguments) throws IOException {
    return builder(arguments).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private ProcessBuilder builder(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add(program);
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }

  private static void pack(Path directory, Path jar) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream packed = new JarOutputStream(out);
        Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = directory.relativize(file).toString().replace(File.separatorChar, '/');
        packed.putNextEntry(new JarEntry(name));
        Files.copy(file, packed);
        packed.closeEntry();
      }
    }
  }
}
