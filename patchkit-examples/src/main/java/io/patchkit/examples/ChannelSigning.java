package io.patchkit.examples;

import io.patchkit.release.channel.ChannelKeys;
import io.patchkit.trust.Signer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The keys with which a command signs what a channel says. */
class ChannelSigning {

  @Option(
      names = "--key",
      required = true,
      paramLabel = "FILE",
      description =
          "the private key (PEM) that lists patches; also the snapshot's and the timestamp's,"
              + " unless they are named")
  private Path key = Path.of("");

  @Option(
      names = "--snapshot-key",
      paramLabel = "FILE",
      description = "the snapshot's private key (default: that of --key)")
  private @Nullable Path snapshot;

  @Option(
      names = "--timestamp-key",
      paramLabel = "FILE",
      description = "the timestamp's private key (default: that of --key)")
  private @Nullable Path timestamp;

  @Option(
      names = "--record",
      paramLabel = "DIR",
      description =
          "what was signed last, so that nothing older is gone on with that is put back into the"
              + " channel; one for each channel (default: the name of --key and .published)")
  private @Nullable Path record;

  /** Where what was signed last is kept: beside the key, unless it is said. */
  Path record() {
    return record == null ? Path.of(key + ".published") : record;
  }

  /** The same with other keys; one that is null stays, or goes with the key that lists patches. */
  ChannelSigning succeededBy(
      @Nullable Path key, @Nullable Path snapshot, @Nullable Path timestamp) {
    ChannelSigning successor = new ChannelSigning();
    successor.key = key == null ? this.key : key;
    successor.snapshot = snapshot == null ? this.snapshot : snapshot;
    successor.timestamp = timestamp == null ? this.timestamp : timestamp;
    successor.record = record;
    return successor;
  }

  /** The keys that publish. */
  ChannelKeys online() {
    Signer targets = Signer.load(key);
    return ChannelKeys.online(targets, signer(snapshot, targets), signer(timestamp, targets));
  }

  /**
   * Those, and the keys of the root.
   *
   * @param threshold how many root keys must sign; null for all
   */
  ChannelKeys withRoot(List<Path> root, @Nullable Integer threshold) {
    List<Signer> signers = new ArrayList<>();
    for (Path file : root) {
      signers.add(Signer.load(file));
    }
    ChannelKeys online = online();
    return new ChannelKeys(
        signers,
        threshold == null ? signers.size() : threshold,
        online.targets(),
        online.snapshot(),
        online.timestamp());
  }

  private static Signer signer(@Nullable Path file, Signer otherwise) {
    return file == null ? otherwise : Signer.load(file);
  }
}
