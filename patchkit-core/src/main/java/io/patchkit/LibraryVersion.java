package io.patchkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The version of this library. */
public final class LibraryVersion {

  private static final String CURRENT = read();

  private LibraryVersion() {}

  /** As its build wrote it, also where an application's jar holds the library. */
  public static String current() {
    return CURRENT;
  }

  private static String read() {
    try (InputStream file = LibraryVersion.class.getResourceAsStream("version.txt")) {
      if (file == null) {
        throw new IllegalStateException(
            "expected the resource io/patchkit/version.txt beside the classes of patchkit-core,"
                + " found none; keep it where jars are merged");
      }
      return new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
