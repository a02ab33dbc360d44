package io.patchkit.examples;

import io.patchkit.format.JsonObject;
import io.patchkit.release.Change;
import io.patchkit.release.Digest;
import io.patchkit.release.PatchStore;
import io.patchkit.release.channel.ChannelPublisher;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Revoking a patch: in one store, or for everybody who follows a channel. */
final class PatchRevocation {

  private PatchRevocation() {}

  /** Where the patch is revoked: one of the two. */
  static final class Place {
    @Option(
        names = "--store",
        required = true,
        paramLabel = "STORE",
        description = "in this store; it is taken out if it is active")
    private @Nullable Path store;

    @ArgGroup(exclusive = false)
    private @Nullable InChannel channel;
  }

  /** A channel, and the keys that publish it. */
  static final class InChannel extends ChannelSigning {
    @Option(
        names = "--channel",
        required = true,
        paramLabel = "DIR",
        description = "for everybody who follows the channel of this directory")
    private Path directory = Path.of("");
  }

  @Command(
      name = "revoke",
      description = "Revokes a patch for good, in one store or in a channel.",
      mixinStandardHelpOptions = true)
  static JsonObject revoke(
      @Parameters(
              index = "0",
              paramLabel = "PATCH",
              description = "NAME, NAME-VERSION or identity; NAME in a channel")
          String patch,
      @Parameters(
              index = "1",
              arity = "0..1",
              paramLabel = "VERSION",
              description = "its version, in a channel")
          @Nullable String version,
      @ArgGroup(multiplicity = "1") Place place,
      @Option(
              names = "--actor",
              defaultValue = "${sys:user.name}",
              paramLabel = "WHO",
              description = "who does it, for the audit log of a store (default: ${DEFAULT-VALUE})")
          String actor,
      @Option(
              names = "--reason",
              defaultValue = "",
              paramLabel = "TEXT",
              description = "why; needed in a channel")
          String reason) {
    if (place.channel != null) {
      ChannelPublisher publisher = ChannelCommands.open(place.channel.directory, place.channel);
      String found = version == null ? "" : version;
      publisher.revoke(ChannelCommands.find(publisher, patch, found).identity(), reason);
      return ChannelCommands.list(publisher);
    }
    PatchStore store = PatchStore.open(place.store == null ? Path.of("") : place.store);
    String text = version == null ? patch : patch + "-" + version;
    Digest digest =
        text.matches("[0-9a-f]{64}") ? new Digest(text) : StoreArguments.find(store, text).digest();
    return PatchStoreCommands.generation(store.revoke(digest, new Change(actor, reason)));
  }
}
