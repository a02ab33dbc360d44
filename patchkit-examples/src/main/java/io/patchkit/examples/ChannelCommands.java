package io.patchkit.examples;

import io.patchkit.Patch;
import io.patchkit.SemanticVersion;
import io.patchkit.format.AtomicFiles;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonValue;
import io.patchkit.release.Digest;
import io.patchkit.release.PatchRegistry;
import io.patchkit.release.Release;
import io.patchkit.release.channel.ChannelEntry;
import io.patchkit.release.channel.ChannelPublisher;
import io.patchkit.trust.PatchFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands of who publishes a channel. Revoking is {@link PatchRevocation}'s. */
@Command(
    name = "channel",
    description = {
      "Publishes a signed list of which released patches are good.",
      "'run Patch revoke NAME VERSION --channel DIR' revokes one for everybody who follows it."
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND")
final class ChannelCommands {

  static final String DIRECTORY_HELP = "the channel's directory, which a web server serves";
  private static final String ROOT_KEY_HELP = "a private root key (PEM); may be repeated";
  private static final String THRESHOLD_HELP = "how many root keys must sign (default: all)";

  @Command(
      name = "init",
      description = "Makes a channel without patches, and the root that its clients begin with.",
      mixinStandardHelpOptions = true)
  static JsonObject init(
      @Parameters(paramLabel = "DIR", description = DIRECTORY_HELP) Path directory,
      @Option(
              names = "--root-key",
              paramLabel = "FILE",
              required = true,
              description = ROOT_KEY_HELP)
          List<Path> root,
      @Option(names = "--root-threshold", paramLabel = "N", description = THRESHOLD_HELP)
          @Nullable Integer threshold,
      @Option(
              names = "--root-out",
              required = true,
              paramLabel = "FILE",
              description = "where the root goes; it has to reach the clients by a trusted way")
          Path out,
      @Mixin ChannelSigning keys)
      throws IOException {
    ChannelPublisher publisher =
        ChannelPublisher.create(
            directory, keys.withRoot(root, threshold), keys.record(), Clock.systemUTC());
    AtomicFiles.writeFile(out, publisher.firstRoot());
    return JsonObject.builder()
        .put("channel", directory.toString())
        .put("root", out.toString())
        .put("rootExpires", publisher.rootExpires().toString())
        .build();
  }

  @Command(
      name = "publish",
      description = "Lists a patch as good. Its signatures are not verified here.",
      mixinStandardHelpOptions = true)
  static JsonObject publish(
      @Parameters(index = "0", paramLabel = "DIR", description = DIRECTORY_HELP) Path directory,
      @Parameters(index = "1", paramLabel = "PATCH", description = "the patch's directory")
          Path patch,
      @Option(
              names = "--security-epoch",
              paramLabel = "N",
              description =
                  "raise it where older versions must not be installed any more (default: that of"
                      + " the name)")
          @Nullable Integer epoch,
      @Option(
              names = "--label",
              defaultValue = ChannelEntry.STABLE,
              paramLabel = "LABEL",
              description =
                  "for whom it is: those who follow this label (default: ${DEFAULT-VALUE})")
          String label,
      @Option(
              names = "--registry",
              description = "where it is published; its manifest is listed, and no other accepted")
          @Nullable String registry,
      @Mixin ChannelSigning keys) {
    ChannelPublisher publisher = open(directory, keys);
    byte[] manifest = PatchFiles.read(patch).content("patch.json");
    Patch read = Patch.load(patch);
    String name = read.manifest().name();
    SemanticVersion version = read.manifest().version();
    ChannelEntry entry =
        ChannelEntry.active(name, version, Digest.of(manifest).hex(), manifest.length)
            .withSecurityEpoch(epoch == null ? publisher.securityEpoch(name) : epoch)
            .withLabel(label);
    if (registry != null) {
      PatchRegistry from = PatchTransport.open(registry);
      Release release = from.find(name, version);
      if (!Arrays.equals(manifest, from.pull(release).files().content("patch.json"))) {
        throw new IllegalArgumentException(
            "--registry has another patch as " + release + "; allowed: one that has " + patch);
      }
      entry = entry.withManifest(release.manifest());
    }
    publisher.publish(entry);
    return list(publisher);
  }

  @Command(
      name = "withdraw",
      description = "Says that a patch may run on where it runs, and is not to come anew.",
      mixinStandardHelpOptions = true)
  static JsonObject withdraw(
      @Parameters(index = "0", paramLabel = "DIR", description = DIRECTORY_HELP) Path directory,
      @Parameters(index = "1", paramLabel = "NAME", description = "the patch's name") String name,
      @Parameters(index = "2", paramLabel = "VERSION", description = "its version") String version,
      @Option(
              names = "--reason",
              required = true,
              paramLabel = "TEXT",
              description = "why, for everybody")
          String reason,
      @Mixin ChannelSigning keys) {
    ChannelPublisher publisher = open(directory, keys);
    publisher.withdraw(find(publisher, name, version).identity(), reason);
    return list(publisher);
  }

  @Command(
      name = "reinstate",
      description = "Says that a withdrawn patch is good after all.",
      mixinStandardHelpOptions = true)
  static JsonObject reinstate(
      @Parameters(index = "0", paramLabel = "DIR", description = DIRECTORY_HELP) Path directory,
      @Parameters(index = "1", paramLabel = "NAME", description = "the patch's name") String name,
      @Parameters(index = "2", paramLabel = "VERSION", description = "its version") String version,
      @Mixin ChannelSigning keys) {
    ChannelPublisher publisher = open(directory, keys);
    publisher.reinstate(find(publisher, name, version).identity());
    return list(publisher);
  }

  @Command(
      name = "label",
      description = "Gives a patch another label: after a trial from beta to stable.",
      mixinStandardHelpOptions = true)
  static JsonObject label(
      @Parameters(index = "0", paramLabel = "DIR", description = DIRECTORY_HELP) Path directory,
      @Parameters(index = "1", paramLabel = "NAME", description = "the patch's name") String name,
      @Parameters(index = "2", paramLabel = "VERSION", description = "its version") String version,
      @Parameters(index = "3", paramLabel = "LABEL", description = "for whom it is from now on")
          String label,
      @Mixin ChannelSigning keys) {
    ChannelPublisher publisher = open(directory, keys);
    publisher.relabel(find(publisher, name, version).identity(), label);
    return list(publisher);
  }

  @Command(
      name = "renew",
      description =
          "Signs the channel anew, for it expires after two days; with all root keys the root too,"
              + " which expires after 400 days.",
      mixinStandardHelpOptions = true)
  static JsonObject renew(
      @Parameters(paramLabel = "DIR", description = DIRECTORY_HELP) Path directory,
      @Option(names = "--root-key", paramLabel = "FILE", description = ROOT_KEY_HELP)
          @Nullable List<Path> root,
      @Option(names = "--root-threshold", paramLabel = "N", description = THRESHOLD_HELP)
          @Nullable Integer threshold,
      @Mixin ChannelSigning keys) {
    ChannelPublisher publisher;
    if (root == null) {
      publisher = open(directory, keys);
      publisher.renew();
    } else {
      publisher =
          ChannelPublisher.open(
              directory, keys.withRoot(root, threshold), keys.record(), Clock.systemUTC());
      publisher.renewRoot();
    }
    Instant expires = publisher.rootExpires();
    JsonObject.Builder result = JsonObject.builder().put("rootExpires", expires.toString());
    if (isSoon(expires, Instant.now())) {
      result.put(
          "warning",
          "the root expires soon, and nobody follows the channel from then on; renew it with"
              + " --root-key");
    }
    return result.put("patches", list(publisher).array("patches")).build();
  }

  /** Whether the root is to be renewed now, since keys that lie elsewhere take their time. */
  static boolean isSoon(Instant expires, Instant now) {
    return expires.isBefore(now.plus(Duration.ofDays(30)));
  }

  static ChannelPublisher open(Path directory, ChannelSigning keys) {
    return ChannelPublisher.open(directory, keys.online(), keys.record(), Clock.systemUTC());
  }

  /** The entry of a name and version. */
  static ChannelEntry find(ChannelPublisher publisher, String name, String version) {
    List<String> listed = new ArrayList<>();
    for (ChannelEntry entry : publisher.entries()) {
      if (entry.name().equals(name) && entry.version().toString().equals(version)) {
        return entry;
      }
      listed.add(entry.name() + " " + entry.version());
    }
    throw new IllegalArgumentException(
        "patch is '" + name + " " + version + "'; allowed: one that is listed, " + listed);
  }

  static JsonObject list(ChannelPublisher publisher) {
    List<JsonValue> lines = new ArrayList<>();
    for (ChannelEntry entry : publisher.entries()) {
      lines.add(
          JsonObject.builder()
              .put("patch", entry.name() + "-" + entry.version())
              .put("identity", entry.identity())
              .put("status", entry.status().name().toLowerCase(Locale.ROOT))
              .put("reason", entry.reason())
              .put("label", entry.label())
              .put("securityEpoch", entry.securityEpoch())
              .put("manifest", entry.manifest() == null ? "" : "sha256:" + entry.manifest())
              .build());
    }
    return JsonObject.builder().put("patches", JsonArray.of(lines)).build();
  }
}
