package io.patchkit.release.channel;

import io.patchkit.PatchkitException;
import io.patchkit.format.AtomicFiles;
import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration REFRESH_TIMEOUT = Duration.ofMinutes(1);

  private final Path directory;
  private final ChannelLock lock;
  private final ChannelLock refreshLock;

  ChannelState(Path directory) {
    this.directory = directory;
    try {
      Files.createDirectories(directory);
      Path real = directory.toRealPath();
      this.lock = new ChannelLock(real.resolve("lock"), LOCK_TIMEOUT);
      this.refreshLock = new ChannelLock(real.resolve("refresh.lock"), REFRESH_TIMEOUT);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Runs while no other client, in this process or another, reads or writes the state. Not for the
   * network: whoever asks what is revoked waits meanwhile.
   *
   * @throws ChannelException {@code UNAVAILABLE} if others do for too long
   */
  <T> T exclusively(Supplier<T> action) {
    return lock.holding(action);
  }

  /**
   * Runs while no other client, in this process or another, refreshes. Only a refresh writes, so
   * the action may read without {@link #exclusively}; it writes with it.
   *
   * @throws ChannelException {@code UNAVAILABLE} if others do for too long
   */
  <T> T refreshing(Supplier<T> action) {
    return refreshLock.holding(action);
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

  /** Where the highest time is kept. */
  Path timeFile() {
    return directory.resolve(TIME);
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
