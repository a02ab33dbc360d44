package io.patchkit.release.channel;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Metadata from a directory. */
final class DirectoryFetcher implements MetadataFetcher {

  private final Path directory;

  DirectoryFetcher(Path directory) {
    this.directory = directory;
  }

  @Override
  public byte @Nullable [] fetch(String name, int maxBytes) throws IOException {
    return read(directory.resolve(name), maxBytes);
  }

  /** A file, or what a link to one leads to, of at most so many bytes; null if there is none. */
  static byte @Nullable [] read(Path file, int maxBytes) throws IOException {
    try {
      if (!Files.readAttributes(file, BasicFileAttributes.class).isRegularFile()) {
        // To open a pipe would wait for whoever writes into it.
        throw new FileSystemException(
            file.toString(), null, "expected a file, found a directory, pipe or device");
      }
      try (InputStream in = Files.newInputStream(file)) {
        byte[] content = in.readNBytes(maxBytes + 1);
        if (content.length > maxBytes) {
          throw tooLarge(file.toString(), maxBytes);
        }
        return content;
      }
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  static ChannelException tooLarge(String name, int maxBytes) {
    return new ChannelException(
        ChannelException.Code.TOO_LARGE,
        name + ": expected at most " + maxBytes + " bytes, found more");
  }
}
