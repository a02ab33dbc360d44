package io.patchkit.release.channel;

import io.patchkit.PatchkitException;
import io.patchkit.format.AtomicFiles;
import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a client remembers of a channel: the newest metadata of each role that it has verified, byte
 * for byte, and the highest time it has seen. Whoever can write here can make the client forget.
 */
final class ChannelState {

  private static final String TIME = "time";
  private static final int MAX_TIME_BYTES = 64;

  /** File locks are per process; threads take this one first. */
  private static final Object THREADS = new Object();

  private final Path directory;

  ChannelState(Path directory) {
    this.directory = directory;
    storing(() -> Files.createDirectories(directory));
  }

  /** Runs while no other client, in this process or another, uses the state. */
  <T> T exclusively(Supplier<T> action) {
    synchronized (THREADS) {
      try (FileChannel channel =
              FileChannel.open(
                  directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        if (!lock.isValid()) {
          throw new IOException("the lock is not valid");
        }
        return action.get();
      } catch (IOException e) {
        throw failed(e);
      }
    }
  }

  /** The metadata of a role, or null where none has been verified yet. */
  @Nullable SignedMetadata load(ChannelRole role) {
    byte[] content = read(role);
    if (content == null) {
      return null;
    }
    try {
      return SignedMetadata.parse(role, content);
    } catch (ChannelException e) {
      throw corrupt(role.fileName(), e);
    }
  }

  /** What the stored metadata of a role says, or null. */
  <T> @Nullable T load(ChannelRole role, Function<SignedMetadata, T> reader) {
    SignedMetadata metadata = load(role);
    try {
      return metadata == null ? null : reader.apply(metadata);
    } catch (ChannelException e) {
      throw corrupt(role.fileName(), e);
    }
  }

  /** The bytes of a role's file, or null. */
  byte @Nullable [] read(ChannelRole role) {
    try {
      return DirectoryFetcher.read(directory.resolve(role.fileName()), role.maxBytes());
    } catch (IOException e) {
      throw failed(e);
    }
  }

  void store(ChannelRole role, byte[] verified) {
    storing(() -> AtomicFiles.writeFile(directory.resolve(role.fileName()), verified));
  }

  void forget(ChannelRole role) {
    storing(() -> Files.deleteIfExists(directory.resolve(role.fileName())));
  }

  /** The highest time seen, {@link Instant#MIN} before the first. */
  Instant highestTime() {
    try {
      byte[] content = DirectoryFetcher.read(directory.resolve(TIME), MAX_TIME_BYTES);
      return content == null
          ? Instant.MIN
          : Instant.parse(new String(content, StandardCharsets.US_ASCII).strip());
    } catch (DateTimeParseException | ChannelException e) {
      throw corrupt(TIME, e);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  void storeTime(Instant now) {
    byte[] text = (now + "\n").getBytes(StandardCharsets.US_ASCII);
    storing(() -> AtomicFiles.writeFile(directory.resolve(TIME), text));
  }

  private interface Storing {
    void run() throws IOException;
  }

  private void storing(Storing action) {
    try {
      action.run();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private PatchkitException failed(IOException e) {
    return new PatchkitException("cannot use the channel's state in " + directory + ": " + e, e);
  }

  private ChannelException corrupt(String file, RuntimeException e) {
    return new ChannelException(
        Code.CORRUPT_STATE,
        directory.resolve(file)
            + " is damaged: "
            + e.getMessage()
            + "; restore it, or delete the state and start again from a root that you trust",
        e);
  }
}
