package io.patchkit.onnx.gradient;

import io.patchkit.CorruptModelException;
import io.patchkit.LibraryVersion;
import io.patchkit.onnx.graph.ModelFile;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * Gradient graphs that were built and checked before, one file each, named by the digest of the
 * decoder's graph and the version of this library. Weights are no part of them. A file that is
 * damaged counts as absent, and a folder that cannot be written is no failure: the graph is then
 * built again.
 */
final class PassCache {

  private static final System.Logger LOG = System.getLogger(PassCache.class.getName());

  /** Changes whenever the same decoder would be differentiated into another graph. */
  private static final int FORMAT = 3;

  private final ModelFile file;
  private final @Nullable Path folder;

  private PassCache(ModelFile file, @Nullable Path folder) {
    this.file = file;
    this.folder = folder;
  }

  /**
   * The cache in a folder.
   *
   * @param folder null for none
   */
  static PassCache of(ModelFile file, @Nullable Path folder) {
    return new PassCache(file, folder);
  }

  /** What was built before, or null. */
  @Nullable Pass find(PrefixKind kind) {
    if (folder == null) {
      return null;
    }
    Path path = path(folder, kind);
    if (!Files.isRegularFile(path)) {
      return null;
    }
    try {
      return PassCodec.decode(Files.readAllBytes(path), file.folder());
    } catch (IOException | CorruptModelException e) {
      LOG.log(System.Logger.Level.WARNING, "Ignoring the damaged gradient graph " + path, e);
      return null;
    }
  }

  /** Keeps what was built, whole or not at all. */
  void put(PrefixKind kind, Pass pass) {
    if (folder == null) {
      return;
    }
    Path path = path(folder, kind);
    try {
      Files.createDirectories(folder);
      Path part = Files.createTempFile(folder, "gradient", ".part");
      try {
        Files.write(part, PassCodec.encode(pass));
        move(part, path);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "Could not keep the gradient graph in " + path, e);
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private Path path(Path folder, PrefixKind kind) {
    String name = file.digest() + "-" + kind + "-" + FORMAT + "-" + LibraryVersion.current();
    return folder.resolve(name + ".gradient");
  }
}
