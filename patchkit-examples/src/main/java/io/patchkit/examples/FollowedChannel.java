package io.patchkit.examples;

import io.patchkit.format.AtomicFiles;
import io.patchkit.release.Digest;
import io.patchkit.release.Revocations;
import io.patchkit.release.channel.ChannelClient;
import io.patchkit.release.channel.ChannelView;
import io.patchkit.release.channel.MetadataFetcher;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The channel that a store follows. What its client remembers, and where the channel is, lie beside
 * the store, in {@code STORE.channel}: a store that followed a channel once goes on to.
 */
record FollowedChannel(String address, ChannelClient client) {

  private static final Duration DEADLINE = Duration.ofSeconds(30);

  /**
   * The channel of a store, or null if it follows none.
   *
   * @param given where the channel is from now on, a directory or an http address; null for where
   *     it was
   * @param root the file of the root to begin with; null if there was a beginning
   */
  static @Nullable FollowedChannel of(Path store, @Nullable String given, @Nullable Path root)
      throws IOException {
    Path state = Path.of(store.toAbsolutePath().normalize() + ".channel");
    Path addressFile = state.resolve("address");
    Path known = state.resolve("root.json");
    if (given == null && !Files.exists(addressFile)) {
      return null;
    }
    Path trusted = Files.exists(known) ? known : root;
    if (trusted == null) {
      throw new IllegalArgumentException(
          "--channel-root is missing; needed the first time that " + store + " follows a channel");
    }
    String address =
        given == null
            ? Files.readString(addressFile, StandardCharsets.UTF_8).strip()
            : whole(given);
    ChannelClient client =
        ChannelClient.open(state, Files.readAllBytes(trusted), fetcher(address), Clock.systemUTC());
    if (given != null) {
      AtomicFiles.writeFile(addressFile, (address + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return new FollowedChannel(address, client);
  }

  private static boolean isHttp(String address) {
    return address.startsWith("http://") || address.startsWith("https://");
  }

  /** The address as it means the same from every working directory. */
  private static String whole(String address) {
    return isHttp(address) ? address : Path.of(address).toAbsolutePath().normalize().toString();
  }

  private static MetadataFetcher fetcher(String address) {
    return isHttp(address)
        ? MetadataFetcher.http(URI.create(address), DEADLINE)
        : MetadataFetcher.directory(Path.of(address));
  }

  /** What a view says, never too old: for who is knowingly offline. */
  static Revocations atAnyAge(ChannelView view) {
    return new Revocations() {
      @Override
      public Standing of(Digest patch) {
        return view.of(patch);
      }
    };
  }
}
