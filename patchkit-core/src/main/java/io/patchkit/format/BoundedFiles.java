package io.patchkit.format;

import static io.patchkit.format.FormatException.Reason.TOO_LARGE;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reading files from anywhere without trusting their size. */
final class BoundedFiles {

  private BoundedFiles() {}

  /** All bytes of a file, which are at most {@code maxBytes}. */
  static byte[] read(Path file, int maxBytes) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw new FormatException(
            TOO_LARGE, "file", "expected at most " + maxBytes + " bytes, found more");
      }
      return bytes;
    }
  }
}
