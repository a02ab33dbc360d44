package io.patchkit.onnx.judge;

import io.patchkit.CorruptModelException;
import io.patchkit.onnx.graph.ModelFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The version of a judge: the beginning of a SHA-256 over all that decides its scores. Observations
 * are kept under it, so judges of different scores must not share it.
 */
final class JudgeVersion {

  private static final int LENGTH = 12;
  private static final int BUFFER = 1 << 20;

  private JudgeVersion() {}

  /**
   * Reads the files, of any size.
   *
   * @param graph with the files of weights that it refers to
   * @param output name of the output that is read
   * @param label column of it
   * @param score what is made of the column
   * @param others files that decide what the graph is fed, in an order of the caller's
   * @throws CorruptModelException if a file is missing or cannot be read, or the graph is none
   */
  static String of(Path graph, String output, int label, LabelScore score, List<Path> others) {
    List<Path> files = new ArrayList<>(ModelFile.read(graph).files().values());
    files.addAll(others);
    MessageDigest version = sha256();
    version.update((score + " " + label + " " + output).getBytes(StandardCharsets.UTF_8));
    for (Path file : files) {
      version.update(digest(file));
    }
    return HexFormat.of().formatHex(version.digest()).substring(0, LENGTH);
  }

  private static byte[] digest(Path file) {
    MessageDigest content = sha256();
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        content.update(buffer, 0, read);
      }
    } catch (IOException e) {
      throw new CorruptModelException(
          "Expected a file of the judge at " + file + ", found none that can be read", e);
    }
    return content.digest();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
