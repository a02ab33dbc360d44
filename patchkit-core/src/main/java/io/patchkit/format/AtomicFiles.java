package io.patchkit.format;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Writes files and directories so that a reader, or a machine that comes back from a crash, finds
 * all of one or nothing of it.
 *
 * <p>The content is written to a sibling of the target, forced to the disk, and moved to its name
 * in one step. What a crash leaves behind is at most a sibling named {@code .UUID.tmp}. If the disk
 * fails only to confirm the move, the method throws although the target is there, whole.
 * Thread-safe; of two writers to one target, one is whole.
 */
public final class AtomicFiles {

  /** Windows neither needs nor allows forcing a directory. */
  private static final boolean FORCES_DIRECTORIES =
      !System.getProperty("os.name", "").startsWith("Windows");

  /** What file systems take for no name, this directory and the one above. */
  private static final Set<String> OTHER_PLACES = Set.of("", ".", "..");

  private AtomicFiles() {}

  /**
   * Writes a file, in place of the one of that name if there is one.
   *
   * @param target in a directory that exists
   * @throws IOException if that fails; the target is as it was, or whole if the disk failed only to
   *     confirm the move
   */
  public static void writeFile(Path target, byte[] content) throws IOException {
    Path temporary = temporarySibling(target);
    try {
      Files.write(temporary, content, StandardOpenOption.CREATE_NEW);
      force(temporary);
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      deleteQuietly(temporary, e);
      throw naming(target, e);
    } catch (RuntimeException | Error e) {
      deleteQuietly(temporary, e);
      throw e;
    }
    forceDirectory(parent(target));
  }

  /** What a directory is to hold. */
  @FunctionalInterface
  public interface DirectoryContent {
    /**
     * Writes the files.
     *
     * @param directory new and empty, to be left without subdirectories
     */
    void writeTo(Path directory) throws IOException;
  }

  /**
   * Writes a directory of these files and no others.
   *
   * @param target absent or an empty directory, in a directory that exists
   * @param files content by name; a name is that of a file in the directory itself
   * @throws FileAlreadyExistsException if the target is a file
   * @throws DirectoryNotEmptyException if the target is a directory with something in it
   * @throws IOException if writing fails; the target is absent or empty, or whole if the disk
   *     failed only to confirm the move
   */
  public static void writeDirectory(Path target, Map<String, byte[]> files) throws IOException {
    for (String name : files.keySet()) {
      requirePlainName(target.getFileSystem(), name);
    }
    writeDirectory(
        target,
        directory -> {
          for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Files.write(
                directory.resolve(file.getKey()), file.getValue(), StandardOpenOption.CREATE_NEW);
          }
        });
  }

  /**
   * Writes a directory whose files are too large for the memory.
   *
   * @param target absent or an empty directory, in a directory that exists
   * @throws FileAlreadyExistsException if the target is a file
   * @throws DirectoryNotEmptyException if the target is a directory with something in it
   * @throws IOException if writing fails; the target is absent or empty, or whole if the disk
   *     failed only to confirm the move
   */
  public static void writeDirectory(Path target, DirectoryContent content) throws IOException {
    requireAbsentOrEmpty(target);
    Path temporary = Files.createDirectory(temporarySibling(target));
    try {
      content.writeTo(temporary);
      try (DirectoryStream<Path> files = Files.newDirectoryStream(temporary)) {
        for (Path file : files) {
          force(file);
        }
      }
      forceDirectory(temporary);
      // Not every file system moves a directory over an empty one. A file that has come to lie
      // there
      // in the meantime stays.
      if (isDirectory(target)) {
        Files.delete(target);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      deleteQuietly(temporary, e);
      throw naming(target, e);
    } catch (RuntimeException | Error e) {
      deleteQuietly(temporary, e);
      throw e;
    }
    forceDirectory(parent(target));
  }

  /** Failed writes and forces do not say of which file. */
  private static IOException naming(Path file, IOException e) {
    if (e instanceof FileSystemException) {
      return e;
    }
    FileSystemException named = new FileSystemException(file.toString(), null, e.getMessage());
    named.initCause(e);
    return named;
  }

  private static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static void forceDirectory(Path directory) throws IOException {
    if (FORCES_DIRECTORIES) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      } catch (IOException e) {
        throw naming(directory, e);
      }
    }
  }

  private static void requirePlainName(FileSystem fileSystem, String name) {
    Path path = fileSystem.getPath(name);
    boolean plain =
        path.getNameCount() == 1
            && !path.isAbsolute()
            && path.toString().equals(name)
            && !OTHER_PLACES.contains(name);
    if (!plain) {
      throw new IllegalArgumentException(
          "the file name " + JsonText.quote(name) + " is not that of a file in the directory");
    }
  }

  private static void requireAbsentOrEmpty(Path target) throws IOException {
    if (isDirectory(target)) {
      try (DirectoryStream<Path> content = Files.newDirectoryStream(target)) {
        if (content.iterator().hasNext()) {
          throw new DirectoryNotEmptyException(target.toString());
        }
      }
    } else if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
  }

  private static boolean isDirectory(Path path) {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }

  /** Whether a file has the name of what a crash leaves behind. */
  public static boolean isTemporary(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.startsWith(".") && name.endsWith(".tmp");
  }

  private static Path temporarySibling(Path target) {
    // Without the target's name, which may be as long as names can be.
    return parent(target).resolve("." + UUID.randomUUID() + ".tmp");
  }

  private static Path parent(Path target) {
    Path parent = target.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException(target + " has no directory to be written in");
    }
    return parent;
  }

  private static void deleteQuietly(Path path, Throwable reason) {
    try {
      if (isDirectory(path)) {
        try (DirectoryStream<Path> content = Files.newDirectoryStream(path)) {
          for (Path file : content) {
            Files.delete(file);
          }
        }
      }
      Files.deleteIfExists(path);
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }
}
