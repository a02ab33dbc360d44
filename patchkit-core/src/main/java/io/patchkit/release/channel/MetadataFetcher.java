package io.patchkit.release.channel;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Where a channel's metadata comes from. Nothing of what it gives is trusted. Thread-safe. */
@FunctionalInterface
public interface MetadataFetcher {

  /**
   * One file, or null if there is none of that name.
   *
   * @param name a plain file name: {@code timestamp.json}, {@code 3.root.json}
   * @param maxBytes how long the file may be; no more is read
   * @throws ChannelException {@code TOO_LARGE} if the file is longer
   * @throws IOException if it cannot be told whether there is such a file, or it cannot be read
   */
  byte @Nullable [] fetch(String name, int maxBytes) throws IOException;

  /** The files of a directory. */
  static MetadataFetcher directory(Path directory) {
    return new DirectoryFetcher(directory);
  }

  /**
   * The files below an address. What is answered with 403 is not there, as with 404. Redirects are
   * not followed. Caches on the way are asked to look whether there is a newer {@code
   * timestamp.json} or a new root.
   *
   * @param base the address of the channel, {@code https} or {@code http}
   * @param deadline for each file, from the first byte sent to the last received
   */
  static MetadataFetcher http(URI base, Duration deadline) {
    return new HttpFetcher(base, deadline, null);
  }

  /**
   * The files below an address, with trust anchors and client keys of one's own, such as a private
   * authority's; else as {@link #http(URI, Duration)}.
   */
  static MetadataFetcher http(URI base, Duration deadline, SSLContext sslContext) {
    return new HttpFetcher(base, deadline, Objects.requireNonNull(sslContext, "sslContext"));
  }
}
