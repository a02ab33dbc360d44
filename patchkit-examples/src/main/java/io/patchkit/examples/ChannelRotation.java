package io.patchkit.examples;

import io.patchkit.format.AtomicFiles;
import io.patchkit.format.JsonObject;
import io.patchkit.release.channel.ChannelPublisher;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Changes the keys of a channel. */
final class ChannelRotation {

  private ChannelRotation() {}

  /** The keys from now on. */
  static final class Successors {
    @Option(
        names = "--new-root-key",
        required = true,
        paramLabel = "FILE",
        description = "a private root key from now on (PEM), old or new; may be repeated")
    private List<Path> root = List.of();

    @Option(
        names = "--new-root-threshold",
        paramLabel = "N",
        description = "how many of them must sign from now on (default: all)")
    private @Nullable Integer threshold;

    @Option(
        names = "--new-key",
        paramLabel = "FILE",
        description = "the private key that lists patches from now on (default: that of --key)")
    private @Nullable Path key;

    @Option(
        names = "--new-snapshot-key",
        paramLabel = "FILE",
        description = "the snapshot's from now on (default: that of --snapshot-key, or --new-key)")
    private @Nullable Path snapshot;

    @Option(
        names = "--new-timestamp-key",
        paramLabel = "FILE",
        description =
            "the timestamp's from now on (default: that of --timestamp-key, or --new-key)")
    private @Nullable Path timestamp;
  }

  @Command(
      name = "rotate",
      description = {
        "Changes the keys: the new root is signed by the old root keys and by the new, and clients"
            + " follow it from the old one.",
        "If it stops half way, do it again."
      },
      mixinStandardHelpOptions = true)
  static JsonObject rotate(
      @Parameters(paramLabel = "DIR", description = ChannelCommands.DIRECTORY_HELP) Path directory,
      @Option(
              names = "--root-key",
              paramLabel = "FILE",
              required = true,
              description = "a private root key so far (PEM); repeat it for as many as must sign")
          List<Path> root,
      @Option(
              names = "--root-out",
              paramLabel = "FILE",
              description = "where the new root goes, for clients that begin from now on")
          @Nullable Path out,
      @Mixin ChannelSigning keys,
      @Mixin Successors next)
      throws IOException {
    ChannelSigning successors = keys.succeededBy(next.key, next.snapshot, next.timestamp);
    ChannelPublisher publisher =
        ChannelPublisher.open(
            directory, keys.withRoot(root, null), keys.record(), Clock.systemUTC());
    publisher.rotate(successors.withRoot(next.root, next.threshold), successors.record());
    if (out != null) {
      AtomicFiles.writeFile(out, publisher.newestRoot());
    }
    return JsonObject.builder()
        .put("channel", directory.toString())
        .put("rootVersion", publisher.rootVersion())
        .put("patches", ChannelCommands.list(publisher).array("patches"))
        .build();
  }
}
