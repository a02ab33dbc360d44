package io.patchkit.trust;

import io.patchkit.PatchkitException;
import io.patchkit.trust.UntrustedPatchException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** The digests of all files of a directory, at any depth. Large files are read in parts. */
final class DirectoryDigests {

  private static final int MAX_FILES = 100_000;
  private static final int MAX_DEPTH = 32;

  private final Path root;
  private final Set<String> except;
  private final SortedMap<String, String> digests = new TreeMap<>(ResourceName.ORDER);
  private final byte[] buffer = new byte[1 << 16];

  private DirectoryDigests(Path root, Set<String> except) {
    this.root = root;
    this.except = except;
  }

  /**
   * SHA-256 by name relative to the directory, {@code /} between its parts.
   *
   * @param except names that are passed over
   * @throws UntrustedPatchException for anything that cannot be signed, an empty directory too
   */
  static SortedMap<String, String> of(Path directory, Set<String> except) {
    DirectoryDigests reading = new DirectoryDigests(directory, except);
    try {
      reading.add(directory, 0);
    } catch (IOException e) {
      throw new PatchkitException("cannot read the directory " + directory + ": " + e, e);
    }
    ResourceName.requireSafe(reading.digests.keySet());
    return reading.digests;
  }

  private void add(Path directory, int depth) throws IOException {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      for (Path entry : stream) {
        entries.add(entry);
        requireBounded(entries.size() + digests.size(), depth);
      }
    }
    if (entries.isEmpty() && depth > 0) {
      throw new UntrustedPatchException(
          Code.EXTRA_FILE,
          "expected no empty directory, which no signature covers, found " + directory);
    }
    for (Path entry : entries) {
      String name = root.relativize(entry).toString();
      name = name.replace(root.getFileSystem().getSeparator(), "/");
      if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
        add(entry, depth + 1);
      } else if (!except.contains(name)) {
        PatchFiles.requireRegular(entry);
        digests.put(name, digest(entry));
      }
    }
  }

  private void requireBounded(int files, int depth) {
    if (files > MAX_FILES || depth > MAX_DEPTH) {
      throw new UntrustedPatchException(
          Code.TOO_LARGE,
          "expected at most "
              + MAX_FILES
              + " files and "
              + MAX_DEPTH
              + " levels, found more in "
              + root);
    }
  }

  private String digest(Path file) throws IOException {
    MessageDigest sha256 = Sha256.digest();
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        sha256.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(sha256.digest());
  }
}
