package io.patchkit.examples;

import io.patchkit.format.AtomicFiles;
import io.patchkit.release.Digest;
import io.patchkit.release.Revocations;
import io.patchkit.release.channel.ChannelClient;
import io.patchkit.release.channel.ChannelEntry;
import io.patchkit.release.channel.ChannelException;
import io.patchkit.release.channel.ChannelView;
import io.patchkit.release.channel.MetadataFetcher;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The channel that a store follows. What its client remembers, where the channel is, by which root
 * it began and which labels count lie beside the store, in {@code STORE.channel}. A store that
 * followed a channel once goes on to; what a command says of the channel is kept once the channel
 * has answered to it, so that a slip does not stay.
 */
final class FollowedChannel {

  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private final Path state;
  private final String address;
  private final byte[] firstRoot;
  private final List<String> labels;
  private final ChannelClient client;

  private FollowedChannel(Path state, String address, byte[] firstRoot, List<String> labels) {
    this.state = state;
    this.address = address;
    this.firstRoot = firstRoot;
    this.labels = labels;
    this.client =
        ChannelClient.open(state, firstRoot, fetcher(address), Clock.systemUTC())
            .withLabels(labels.toArray(new String[0]));
  }

  /**
   * The channel of a store, or null if it follows none.
   *
   * @param given where the channel is from now on, a directory or an http address; null for where
   *     it was
   * @param root the file of the root to begin with; null if there was a beginning
   * @param labels those to follow from now on; none for those that were
   */
  static @Nullable FollowedChannel of(
      Path store, @Nullable String given, @Nullable Path root, List<String> labels)
      throws IOException {
    Path state = Path.of(store.toAbsolutePath().normalize() + ".channel");
    Path addressFile = state.resolve("address");
    Path begun = state.resolve("first-root.json");
    boolean isBegun = Files.exists(state.resolve("root.json"));
    if (given == null && !Files.exists(addressFile)) {
      if (isBegun || root != null || !labels.isEmpty()) {
        throw new IllegalArgumentException(
            "--channel is missing; needed the first time that " + store + " follows a channel");
      }
      return null;
    }
    if (root == null && !isBegun) {
      throw new IllegalArgumentException(
          "--channel-root is missing; needed the first time that " + store + " follows a channel");
    }
    if (root != null && isBegun) {
      requireThatOne(root, state);
    }
    byte[] trusted;
    if (root != null && !isBegun) {
      trusted = Files.readAllBytes(root);
    } else {
      trusted = Files.readAllBytes(Files.exists(begun) ? begun : state.resolve("root.json"));
    }
    return new FollowedChannel(
        state,
        given == null ? Files.readString(addressFile).strip() : whole(given),
        trusted,
        labels.isEmpty() ? known(state) : labels);
  }

  /** Refuses another root than the one that is in force, or the one that it began with. */
  private static void requireThatOne(Path given, Path state) throws IOException {
    byte[] root = Files.readAllBytes(given);
    for (String known : List.of("first-root.json", "root.json")) {
      Path file = state.resolve(known);
      if (Files.exists(file) && Arrays.equals(root, Files.readAllBytes(file))) {
        return;
      }
    }
    throw new IllegalArgumentException(
        "--channel-root is "
            + given
            + ", and the channel has been followed from another root, which is in force: "
            + state.resolve("root.json")
            + "; leave --channel-root out to go on with that one. To begin with "
            + given
            + " instead, delete "
            + state
            + ", and with it all that is known of the channel");
  }

  private static List<String> known(Path state) throws IOException {
    Path file = state.resolve("labels");
    return Files.exists(file) ? Files.readAllLines(file) : List.of(ChannelEntry.STABLE);
  }

  /** Where the channel is. */
  String address() {
    return address;
  }

  /** The labels that are followed. */
  List<String> labels() {
    return labels;
  }

  /** Says what is known; {@link #refresh} asks. */
  ChannelClient client() {
    return client;
  }

  /** Asks the channel, and remembers what a command said of it once that has proved right. */
  ChannelView refresh() throws IOException {
    boolean wasBegun = Files.exists(state.resolve("root.json"));
    try {
      ChannelView view = client.refresh();
      remember();
      return view;
    } catch (ChannelException e) {
      if (!wasBegun && Files.exists(state.resolve("root.json"))) {
        remember();
      }
      throw e;
    }
  }

  private void remember() throws IOException {
    if (!Files.exists(state.resolve("first-root.json"))) {
      AtomicFiles.writeFile(state.resolve("first-root.json"), firstRoot);
    }
    write("labels", String.join("\n", labels));
    write("address", address);
  }

  private void write(String name, String text) throws IOException {
    AtomicFiles.writeFile(state.resolve(name), (text + "\n").getBytes(StandardCharsets.UTF_8));
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
