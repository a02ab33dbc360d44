package io.patchkit.onnx;

import io.patchkit.PatchkitException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;

/**
 * The identity of an exported model: SHA-256 over one line for each of its files, sorted by name,
 * {@code "<sha256 of the file> <size> <name>\n"}. The files are the graph and the weights it refers
 * to; configuration and tokenizer are not among them.
 */
final class ModelFingerprint {

  private static final int BUFFER = 1 << 20;

  private ModelFingerprint() {}

  /**
   * @param files by their names in the model's folder
   */
  static String of(SortedMap<String, Path> files) {
    MessageDigest lines = sha256();
    for (Map.Entry<String, Path> named : files.entrySet()) {
      Path file = named.getValue();
      MessageDigest content = sha256();
      long size = 0;
      byte[] buffer = new byte[BUFFER];
      try (InputStream in = Files.newInputStream(file)) {
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          content.update(buffer, 0, read);
          size += read;
        }
      } catch (IOException e) {
        throw new PatchkitException(
            "cannot read " + file + " for the model's fingerprint: " + e.getMessage(), e);
      }
      String line =
          HexFormat.of().formatHex(content.digest()) + " " + size + " " + named.getKey() + "\n";
      lines.update(line.getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(lines.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
