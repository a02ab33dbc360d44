package io.patchkit.examples;

import io.patchkit.Patch;
import io.patchkit.SemanticVersion;
import io.patchkit.format.AtomicFiles;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import io.patchkit.release.DirectoryRegistry;
import io.patchkit.release.OciOptions;
import io.patchkit.release.OciRegistry;
import io.patchkit.release.PatchRegistry;
import io.patchkit.release.PulledPatch;
import io.patchkit.release.RegistryCredentials;
import io.patchkit.release.Release;
import io.patchkit.release.VersionRange;
import io.patchkit.release.channel.ChannelException;
import io.patchkit.release.channel.ChannelView;
import io.patchkit.trust.PatchFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that carry patches to and from a registry. */
final class PatchTransport {

  private static final String REGISTRY_HELP =
      "a directory, oci://HOST[:PORT][/PATH], or oci+http://... without TLS; user and secret are"
          + " taken from PATCHKIT_REGISTRY_USER and PATCHKIT_REGISTRY_SECRET, hosts of its token"
          + " servers, separated by commas, from PATCHKIT_REGISTRY_TOKEN_HOSTS; else what docker"
          + " login keeps is used";

  private PatchTransport() {}

  static PatchRegistry open(String registry) {
    if (registry.startsWith("oci://")) {
      String location = registry.substring("oci://".length());
      return OciRegistry.open(location, options(location, System.getenv()));
    }
    if (registry.startsWith("oci+http://")) {
      String location = registry.substring("oci+http://".length());
      return OciRegistry.open(location, options(location, System.getenv()).withPlainHttp(true));
    }
    return DirectoryRegistry.open(Path.of(registry));
  }

  /** With what the environment says, else with what {@code docker login} keeps. */
  static OciOptions options(String location, Map<String, String> environment) {
    String hosts = environment.getOrDefault("PATCHKIT_REGISTRY_TOKEN_HOSTS", "");
    String[] tokenHosts = hosts.isBlank() ? new String[0] : hosts.strip().split("\\s*,\\s*", -1);
    String user = environment.get("PATCHKIT_REGISTRY_USER");
    String secret = environment.get("PATCHKIT_REGISTRY_SECRET");
    RegistryCredentials credentials =
        user == null || secret == null
            ? RegistryCredentials.fromDockerConfig(location, tokenHosts)
            : RegistryCredentials.basic(user, secret).withTokenHosts(tokenHosts);
    return OciOptions.defaults().withCredentials(credentials);
  }

  @Command(
      name = "push",
      description = "Publishes a patch directory and its signatures under its name and version.",
      mixinStandardHelpOptions = true)
  static JsonObject push(
      @Parameters(index = "0", paramLabel = "DIR", description = "the patch") Path directory,
      @Parameters(index = "1", paramLabel = "REGISTRY", description = REGISTRY_HELP)
          String registry,
      @Option(names = "--signature", required = true, description = "a bundle; may be repeated")
          List<Path> signatures)
      throws IOException {
    Patch patch = Patch.load(directory);
    List<byte[]> bundles = new ArrayList<>();
    for (Path signature : signatures) {
      bundles.add(Files.readAllBytes(signature));
    }
    Release release =
        open(registry)
            .publish(
                patch.manifest().name(),
                patch.manifest().version(),
                PatchFiles.read(directory),
                bundles);
    return JsonObject.builder()
        .put("release", release.toString())
        .put("manifest", release.manifest().toString())
        .build();
  }

  @Command(
      name = "pull",
      description =
          "Fetches a release into DIR and its signatures into DIR.1.sig, DIR.2.sig, ... Nothing is"
              + " verified but digests: run verify or install next.",
      mixinStandardHelpOptions = true)
  static JsonObject pull(
      @Parameters(index = "0", paramLabel = "NAME", description = "the patch's name") String name,
      @Parameters(index = "1", paramLabel = "REGISTRY", description = REGISTRY_HELP)
          String registry,
      @Option(
              names = "--range",
              defaultValue = "*",
              description = "versions, such as ^1.2.0 (default: any release)")
          String range,
      @Option(
              names = "--store",
              paramLabel = "STORE",
              description = "only what the channel lists as good that this store follows")
          @Nullable Path store,
      @Option(names = "--out", required = true, paramLabel = "DIR", description = "a new directory")
          Path out)
      throws IOException {
    if (Files.exists(out, LinkOption.NOFOLLOW_LINKS)) {
      throw new IllegalArgumentException(
          "--out is " + out + ", which is there; allowed: a new one");
    }
    PatchRegistry from = open(registry);
    VersionRange wanted = VersionRange.parse(range);
    PulledPatch pulled =
        store == null ? from.pull(from.resolve(name, wanted)) : listed(from, name, wanted, store);
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String file : pulled.files().digests().keySet()) {
      files.put(file, pulled.files().content(file));
    }
    List<String> signatures = new ArrayList<>();
    for (byte[] bundle : pulled.bundles()) {
      Path signature = Path.of(out + "." + (signatures.size() + 1) + ".sig");
      AtomicFiles.writeFile(signature, bundle);
      signatures.add(signature.toString());
    }
    AtomicFiles.writeDirectory(out, files);
    return JsonObject.builder()
        .put("release", pulled.release().toString())
        .put("directory", out.toString())
        .put("signatures", JsonArray.ofStrings(signatures))
        .put("verified", false)
        .build();
  }

  /** The highest version that the store's channel lists as good, held against what it lists. */
  private static PulledPatch listed(
      PatchRegistry from, String name, VersionRange wanted, Path store) throws IOException {
    FollowedChannel channel = FollowedChannel.of(store, null, null, List.of());
    if (channel == null) {
      throw new IllegalArgumentException(
          "--store is " + store + ", which follows no channel; allowed: one that does");
    }
    ChannelView view = channel.refresh();
    view.requireFresh();
    SemanticVersion version = wanted.highest(view.installable(name));
    if (version == null) {
      throw new ChannelException(
          ChannelException.Code.UNLISTED,
          "the channel lists no good version of '" + name + "' within " + wanted);
    }
    PulledPatch pulled = from.pull(from.find(name, version));
    view.requireInstallable(pulled);
    return pulled;
  }
}
