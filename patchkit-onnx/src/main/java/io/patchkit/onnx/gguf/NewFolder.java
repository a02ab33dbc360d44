package io.patchkit.onnx.gguf;

import io.patchkit.PatchkitException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/**
 * A folder that appears whole or not at all: filled under a temporary name beside its place, then
 * renamed. Closing it before {@link #publish} removes it.
 */
final class NewFolder implements AutoCloseable {

  private final Path place;
  private final Path temporary;
  private boolean published;

  private NewFolder(Path place, Path temporary) {
    this.place = place;
    this.temporary = temporary;
  }

  /**
   * Makes the temporary folder.
   *
   * @throws IllegalArgumentException if the place is taken
   */
  static NewFolder beside(Path place) throws IOException {
    Path absolute = place.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    if (parent == null || Files.exists(absolute)) {
      throw new IllegalArgumentException("folder " + place + " exists; give the path of a new one");
    }
    // Not createTempDirectory, whose folders nobody else may read.
    Path temporary = parent.resolve("." + absolute.getFileName() + "-" + UUID.randomUUID());
    return new NewFolder(absolute, Files.createDirectory(temporary));
  }

  /** Where to write its files. */
  Path path() {
    return temporary;
  }

  void publish() throws IOException {
    if (Files.exists(place)) {
      throw new IllegalArgumentException(
          "folder " + place + " was made by somebody else meanwhile");
    }
    Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE);
    published = true;
  }

  @Override
  public void close() {
    if (published) {
      return;
    }
    try {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(temporary)) {
        for (Path file : files) {
          Files.delete(file);
        }
      }
      Files.delete(temporary);
    } catch (IOException e) {
      throw new PatchkitException("removing the unfinished folder " + temporary + " failed", e);
    }
  }
}
