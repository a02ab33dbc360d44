package io.patchkit.release;

import io.patchkit.format.AtomicFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;

/** Where everything of a store lies; the package description is the specification. */
final class StoreLayout {

  private static final int VERSION = 1;
  private static final String FORMAT_PREFIX = "patchkit-store ";

  final Path root;
  final Path format;
  final Path lock;
  final Path blobs;
  final Path signatures;
  final Path generations;
  final Path current;
  final Path pins;
  final Path leases;
  final Path revoked;
  final Path audit;
  final Path pending;

  private StoreLayout(Path root) {
    this.root = root;
    this.format = root.resolve("FORMAT");
    this.lock = root.resolve("lock");
    this.blobs = root.resolve("blobs").resolve("sha256");
    this.signatures = root.resolve("sigs");
    this.generations = root.resolve("generations");
    this.current = root.resolve("current");
    this.pins = root.resolve("pins");
    this.leases = root.resolve("leases");
    this.revoked = root.resolve("revoked");
    this.audit = root.resolve("audit.log");
    this.pending = root.resolve("pending");
  }

  /**
   * The layout of a store that is there, or of a new one where nothing is.
   *
   * @throws StoreException {@code NOT_A_STORE} or {@code FORMAT_NEWER}
   */
  static StoreLayout open(Path directory, Duration lockTimeout) throws IOException {
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(directory);
    }
    StoreLayout layout = new StoreLayout(directory.toRealPath());
    if (!Files.exists(layout.format)) {
      layout.requireOurs();
      new StoreLock(layout.lock, lockTimeout).holding(layout::create);
    }
    layout.requireReadable();
    return layout;
  }

  /** Refuses to make a store out of a directory of something else. */
  private void requireOurs() throws IOException {
    try (DirectoryStream<Path> content = Files.newDirectoryStream(root)) {
      for (Path path : content) {
        if (!directories().contains(path) && !path.equals(root.resolve("blobs")) && !isOurs(path)) {
          throw new StoreException(
              StoreException.Reason.NOT_A_STORE,
              "expected a store or an empty directory at "
                  + root
                  + ", found no FORMAT but "
                  + path.getFileName()
                  + "; name another directory");
        }
      }
    }
  }

  /** Directories first, FORMAT last: what has a FORMAT is whole. */
  private StoreLayout create() throws IOException {
    if (Files.exists(format)) {
      return this;
    }
    for (Path directory : directories()) {
      Files.createDirectories(directory);
    }
    AtomicFiles.writeFile(
        format, (FORMAT_PREFIX + VERSION + "\n").getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  private boolean isOurs(Path path) {
    return path.equals(format) || path.equals(lock) || AtomicFiles.isTemporary(path);
  }

  private void requireReadable() throws IOException {
    String text = new String(readBounded(format, 64), StandardCharsets.ISO_8859_1);
    if (!text.matches(FORMAT_PREFIX + "[1-9][0-9]{0,8}\\s{0,2}")) {
      throw new StoreException(
          StoreException.Reason.NOT_A_STORE,
          "expected '"
              + FORMAT_PREFIX
              + VERSION
              + "' in "
              + format
              + ", found "
              + OciManifest.quote(text));
    }
    int found = Integer.parseInt(text.substring(FORMAT_PREFIX.length()).strip());
    if (found > VERSION) {
      throw new StoreException(
          StoreException.Reason.FORMAT_NEWER,
          "expected a store of format at most "
              + VERSION
              + " at "
              + root
              + ", found format "
              + found
              + "; use the version of Patchkit that wrote it, or a newer one");
    }
  }

  private List<Path> directories() {
    return List.of(blobs, signatures, generations, pins, leases, revoked);
  }

  /** What a crash while writing leaves behind. Only for the holder of the lock. */
  void deleteTemporaries() throws IOException {
    deleteTemporariesIn(root);
    for (Path directory : directories()) {
      deleteTemporariesIn(directory);
    }
    try (DirectoryStream<Path> patches = Files.newDirectoryStream(signatures)) {
      for (Path patch : patches) {
        // A file manager may have left something of its own there.
        if (Files.isDirectory(patch, LinkOption.NOFOLLOW_LINKS)) {
          deleteTemporariesIn(patch);
        }
      }
    }
  }

  private static void deleteTemporariesIn(Path directory) throws IOException {
    try (DirectoryStream<Path> content = Files.newDirectoryStream(directory)) {
      for (Path path : content) {
        if (AtomicFiles.isTemporary(path)) {
          deleteFlat(path);
        }
      }
    }
  }

  /** Deletes a file, or a directory of files. */
  static void deleteFlat(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      try (DirectoryStream<Path> content = Files.newDirectoryStream(path)) {
        for (Path file : content) {
          Files.deleteIfExists(file);
        }
      }
    }
    Files.deleteIfExists(path);
  }

  /** Where a file should be, there is something that is none. */
  static final class NotAFileException extends FileSystemException {

    private static final long serialVersionUID = 1L;

    NotAFileException(Path file, String found) {
      super(file.toString(), null, "expected a file, found " + found + "; take it away");
    }
  }

  /**
   * All bytes of a file of at most {@code max}, or the first {@code max + 1} of a longer one: too
   * many for whatever check follows.
   *
   * @throws NotAFileException if it is a link, a directory, a pipe or a device
   */
  static byte[] readBounded(Path file, int max) throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isRegularFile()) {
      // To open a pipe would wait for whoever writes into it.
      throw new NotAFileException(
          file, attributes.isSymbolicLink() ? "a link" : "a directory, pipe or device");
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return in.readNBytes(max + 1);
    }
  }
}
