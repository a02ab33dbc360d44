package io.patchkit.examples;

import io.patchkit.release.Change;
import io.patchkit.release.Digest;
import io.patchkit.release.InstalledPatch;
import io.patchkit.release.PatchStore;
import io.patchkit.release.Revocations;
import io.patchkit.release.StoreOptions;
import io.patchkit.release.channel.ChannelException;
import io.patchkit.release.channel.ChannelView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The store that a command works on, the channel that it follows, and who works on it. */
final class StoreArguments {

  @Option(
      names = "--store",
      required = true,
      paramLabel = "STORE",
      description = "the store's directory, made if it is not there")
  private Path directory = Path.of("");

  @Option(
      names = "--actor",
      defaultValue = "${sys:user.name}",
      paramLabel = "WHO",
      description = "who does it, for the audit log (default: ${DEFAULT-VALUE})")
  private String actor = "";

  @Option(
      names = "--reason",
      defaultValue = "",
      paramLabel = "TEXT",
      description = "why, for the audit log")
  private String reason = "";

  @Option(
      names = "--channel",
      paramLabel = "CHANNEL",
      description =
          "a channel that the store follows from now on, once it has answered: a directory, or an"
              + " http or https address")
  private @Nullable String address;

  @Option(
      names = "--channel-root",
      paramLabel = "FILE",
      description = "the root to begin with, the first time that the store follows a channel")
  private @Nullable Path root;

  @Option(
      names = "--channel-label",
      paramLabel = "LABEL",
      description =
          "let in from now on what bears this label; may be repeated (at first: stable alone)")
  private List<String> labels = List.of();

  @Option(
      names = "--offline",
      description =
          "go by what is known of the channel, however old it is; goes into the audit log")
  private boolean offline;

  /** The store, by what is known of its channel. Nobody is asked. */
  PatchStore store() throws IOException {
    FollowedChannel channel = channel();
    return open(channel == null ? Revocations.none() : channel.client());
  }

  /**
   * The store, for a patch that is to come anew: its channel is asked, what that revokes is taken
   * out, and the patch must be listed there as good.
   *
   * @param patch finds the patch's identity
   */
  PatchStore storeFor(Function<PatchStore, Digest> patch) throws IOException {
    FollowedChannel channel = channel();
    if (channel == null) {
      return open(Revocations.none());
    }
    ChannelView view = offline ? channel.client().current() : channel.refresh();
    PatchStore store = open(offline ? FollowedChannel.atAnyAge(view) : view);
    store.applyRevocations(byTheChannel());
    String identity = patch.apply(store).hex();
    if (offline) {
      view.requireInstallableOffline(identity);
    } else {
      view.requireInstallable(identity);
    }
    return store;
  }

  /** The channel that the store follows, null for none. */
  @Nullable FollowedChannel channel() throws IOException {
    return FollowedChannel.of(directory, address, root, labels);
  }

  /**
   * Asks the channel, unless offline.
   *
   * @return why what is known is not the newest, empty if it is
   */
  String refreshed(FollowedChannel channel) throws IOException {
    if (offline) {
      return "not asked";
    }
    try {
      var unused = channel.refresh();
      return "";
    } catch (ChannelException e) {
      return e.code() + ": " + e.getMessage();
    }
  }

  /** What a revocation that the channel brought is noted as. */
  Change byTheChannel() {
    return new Change(actor, "revoked by the channel");
  }

  private PatchStore open(Revocations revocations) {
    return PatchStore.open(directory, StoreOptions.defaults().withRevocations(revocations));
  }

  Change change() {
    return new Change(actor, offline ? ("offline policy: " + reason).strip() : reason);
  }

  /** The installed patch that a text names: NAME, NAME-VERSION or the start of its identity. */
  static InstalledPatch find(PatchStore store, String text) {
    List<InstalledPatch> found = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    for (InstalledPatch patch : store.status().installed()) {
      ids.add(patch.id());
      if (patch.id().equals(text)
          || patch.name().equals(text)
          || (text.length() >= 6 && patch.digest().hex().startsWith(text))) {
        found.add(patch);
      }
    }
    if (found.size() == 1) {
      return found.get(0);
    }
    if (found.isEmpty() && text.matches("[0-9a-f]{64}")) {
      return store.installed(new Digest(text));
    }
    throw new IllegalArgumentException(
        "patch is '"
            + text
            + "', which "
            + found.size()
            + " installed patches match; allowed: one of "
            + ids);
  }
}
