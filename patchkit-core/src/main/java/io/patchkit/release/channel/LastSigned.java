package io.patchkit.release.channel;

import io.patchkit.PatchkitException;
import io.patchkit.format.AtomicFiles;
import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a publisher signed last: copies of its newest root and timestamp, in a directory where who
 * serves the channel does not write. They are written before the channel's own, so that no version
 * is signed twice, whatever is put back or cut short. Its lock keeps publishers apart that share
 * it.
 */
final class LastSigned {

  private final Path directory;
  private final Duration lockTimeout;

  /**
   * @param directory made by the first {@link #holding}
   * @param lockTimeout how long that waits
   */
  LastSigned(Path directory, Duration lockTimeout) {
    this.directory = directory;
    this.lockTimeout = lockTimeout;
  }

  /**
   * Does something while no other publisher, in this process or another, uses the record.
   *
   * @throws ChannelException {@code UNAVAILABLE} if another does for too long
   */
  <T> T holding(Supplier<T> work) {
    Path lock;
    try {
      if (!Files.isDirectory(directory)) {
        createDirectory();
      }
      lock = directory.toRealPath().resolve("lock");
    } catch (IOException e) {
      throw failed(e);
    }
    return new ChannelLock(lock, lockTimeout).holding(work);
  }

  private void createDirectory() throws IOException {
    try {
      Files.createDirectory(directory);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory)) {
        throw e;
      }
    }
  }

  /**
   * Refuses to begin a channel where another was published. The root of one that was cut short
   * before its first list is dropped.
   */
  void requireNone() {
    if (Files.exists(file(ChannelRole.TIMESTAMP))) {
      throw new PatchkitException(
          "expected no record of what was signed last, found "
              + directory
              + ", that of another channel; name another directory, or delete it if that channel is"
              + " no more");
    }
    try {
      Files.deleteIfExists(file(ChannelRole.ROOT));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Refuses a channel that is behind what was signed. Where there is no record, any is taken.
   *
   * @param found the channel's newest metadata of a role
   * @param path where that lies
   */
  void requireNotBehind(SignedMetadata found, Path path) {
    ChannelRole role = found.role();
    SignedMetadata last = read(role);
    if (last == null) {
      return;
    }
    int lastVersion = version(last);
    int version = version(found);
    if (version < lastVersion || (version == lastVersion && !last.saysTheSameAs(found))) {
      throw new ChannelException(
          version < lastVersion ? Code.ROLLBACK : Code.EQUIVOCATION,
          path
              + ": expected version "
              + lastVersion
              + ", which was signed last, found "
              + (version < lastVersion ? "version " + version : "another content under it")
              + "; something older was put back, or a publication was cut short. Restore the"
              + " channel's directory from where it is served, or, if nothing but this file is"
              + " behind, copy "
              + file(role)
              + " to "
              + path.resolveSibling(role.publishedName(lastVersion))
              + ". If that is the record of another channel, name another directory for this"
              + " one's");
    }
  }

  /**
   * Remembers what is to be published next.
   *
   * @throws ChannelException {@code ROLLBACK} if that version, or a later one, is signed already
   */
  void store(ChannelRole role, byte[] signed) {
    SignedMetadata last = read(role);
    int version = version(SignedMetadata.parse(role, signed));
    if (last != null && version(last) >= version) {
      throw new ChannelException(
          Code.ROLLBACK,
          file(role)
              + ": expected a version below "
              + version
              + ", which is to be published, found "
              + version(last)
              + "; another publisher went on meanwhile. Make the change again, and keep the record"
              + " where files can be locked");
    }
    try {
      AtomicFiles.writeFile(file(role), signed);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Whether it is the record of the same directory, which is there. */
  boolean isSameAs(LastSigned that) {
    try {
      return Files.isDirectory(directory)
          && Files.isDirectory(that.directory)
          && Files.isSameFile(directory, that.directory);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Takes over what another record has newer. Both are held. */
  void takeOver(LastSigned that) {
    for (ChannelRole role : List.of(ChannelRole.ROOT, ChannelRole.TIMESTAMP)) {
      SignedMetadata theirs = that.read(role);
      SignedMetadata own = read(role);
      if (theirs != null && (own == null || version(own) < version(theirs))) {
        try {
          AtomicFiles.writeFile(file(role), Files.readAllBytes(that.file(role)));
        } catch (IOException e) {
          throw failed(e);
        }
      }
    }
  }

  private @Nullable SignedMetadata read(ChannelRole role) {
    try {
      byte[] content = DirectoryFetcher.read(file(role), role.maxBytes());
      if (content == null) {
        return null;
      }
      SignedMetadata signed = SignedMetadata.parse(role, content);
      int unused = version(signed);
      return signed;
    } catch (ChannelException e) {
      throw new ChannelException(
          Code.CORRUPT_STATE,
          file(role)
              + " is damaged: "
              + e.getMessage()
              + "; restore it, or delete it if you know that the channel's directory is the newest",
          e);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static int version(SignedMetadata metadata) {
    return metadata.read(json -> MetadataHeader.read(metadata.role(), json)).version();
  }

  private Path file(ChannelRole role) {
    return directory.resolve(role.fileName());
  }

  private PatchkitException failed(IOException e) {
    return new PatchkitException(
        "cannot use the record of what was signed last, " + directory + ": " + e, e);
  }
}
