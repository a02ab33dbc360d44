package io.patchkit.release.channel;

import io.patchkit.PatchkitException;
import io.patchkit.format.AtomicFiles;
import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The directory of a channel, as its publisher reads and writes it. */
final class ChannelDirectory {

  private final Path directory;

  ChannelDirectory(Path directory) {
    this.directory = directory;
  }

  /**
   * Makes the directory of a new channel.
   *
   * @throws PatchkitException if there is one with something in it: a reader may take a file that
   *     was left over, a root of a later version say, for the channel's
   */
  void begin() {
    try {
      Files.createDirectories(directory);
      try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
        for (Path file : files) {
          if (!AtomicFiles.isTemporary(file)) {
            throw new PatchkitException(
                "expected no file in "
                    + directory
                    + ", that of a new channel, found "
                    + file.getFileName()
                    + "; name an empty directory, or open the channel that is there");
          }
        }
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** The version of the newest root. */
  int rootVersion() {
    int version = 1;
    while (Files.exists(path(ChannelRole.ROOT.fileName(version + 1)))) {
      version++;
    }
    return version;
  }

  byte[] read(String name, ChannelRole role) {
    try {
      byte[] content = DirectoryFetcher.read(path(name), role.maxBytes());
      if (content == null) {
        throw new ChannelException(Code.MISSING, "the channel has no " + path(name));
      }
      return content;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  void write(String name, byte[] content) {
    try {
      AtomicFiles.writeFile(path(name), content);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  Path path(String name) {
    return directory.resolve(name);
  }

  private PatchkitException failed(IOException e) {
    return new PatchkitException("cannot publish the channel in " + directory + ": " + e, e);
  }
}
