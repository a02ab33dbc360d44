package io.patchkit.release.channel;

import io.patchkit.PatchManifest;
import io.patchkit.PatchkitException;
import io.patchkit.SemanticVersion;
import io.patchkit.release.Digest;
import io.patchkit.trust.PatchFiles;
import io.patchkit.trust.VerifiedPatch;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A released patch as a channel lists it. Immutable.
 *
 * @param name the patch's name
 * @param version the patch's version; name and version are listed once
 * @param identity SHA-256 of its {@code patch.json}, lower-case hexadecimal
 * @param manifestBytes bytes of its {@code patch.json}
 * @param status where it stands
 * @param reason why it stands there, for people; empty for an active patch
 * @param securityEpoch 0 or more; of a name, only patches of its highest epoch come anew
 * @param manifest SHA-256 of the manifest under which a registry has it, null if it is in none
 * @param label for whom it is, such as {@code stable} or {@code beta}: clients take anew only what
 *     bears a label that they follow
 */
public record ChannelEntry(
    String name,
    SemanticVersion version,
    String identity,
    int manifestBytes,
    Status status,
    String reason,
    int securityEpoch,
    @Nullable Digest manifest,
    String label) {

  /** What entries bear, and clients follow, unless they say otherwise. */
  public static final String STABLE = "stable";

  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");
  private static final int MAX_MANIFEST_BYTES = 256 << 10;
  private static final int MAX_REASON = 1000;

  /** Where a released patch stands. */
  public enum Status {
    /** Good. */
    ACTIVE,
    /** May run on where it runs, and is not installed anew. */
    WITHDRAWN,
    /** Must not run. This is for ever: the same bytes never become good again. */
    REVOKED
  }

  public ChannelEntry {
    require("name", name, PatchManifest.isName(name), "a patch name");
    Objects.requireNonNull(version, "version");
    require("identity", identity, HEX.matcher(identity).matches(), "64 lower-case digits");
    require(
        "manifestBytes",
        String.valueOf(manifestBytes),
        manifestBytes > 0 && manifestBytes <= MAX_MANIFEST_BYTES,
        "1 to " + MAX_MANIFEST_BYTES);
    Objects.requireNonNull(status, "status");
    require(
        "reason",
        reason,
        reason.length() <= MAX_REASON && (status == Status.ACTIVE) == reason.isEmpty(),
        "a reason of at most " + MAX_REASON + " characters, unless the patch is active");
    require("securityEpoch", String.valueOf(securityEpoch), securityEpoch >= 0, "0 or more");
    requireLabel(label);
  }

  /** An active patch of security epoch 0, which is in no registry; its label is {@link #STABLE}. */
  public static ChannelEntry active(
      String name, SemanticVersion version, String identity, int manifestBytes) {
    return new ChannelEntry(
        name, version, identity, manifestBytes, Status.ACTIVE, "", 0, null, STABLE);
  }

  /** A verified patch, active and of security epoch 0; its label is {@link #STABLE}. */
  public static ChannelEntry active(VerifiedPatch patch) {
    PatchManifest manifest = patch.patch().manifest();
    return active(
        manifest.name(),
        manifest.version(),
        patch.identity(),
        patch.files().content(PatchFiles.MANIFEST).length);
  }

  /** The same patch elsewhere. */
  ChannelEntry withStatus(Status status, String reason) {
    return new ChannelEntry(
        name, version, identity, manifestBytes, status, reason, securityEpoch, manifest, label);
  }

  /**
   * The same patch in another epoch. Raise it with a release that repairs what makes its
   * predecessors unsafe, so that none of them is installed again.
   */
  public ChannelEntry withSecurityEpoch(int securityEpoch) {
    return new ChannelEntry(
        name, version, identity, manifestBytes, status, reason, securityEpoch, manifest, label);
  }

  /** The same patch, in registries under this manifest and no other. */
  public ChannelEntry withManifest(Digest manifest) {
    return new ChannelEntry(
        name, version, identity, manifestBytes, status, reason, securityEpoch, manifest, label);
  }

  /** The same patch for others. */
  public ChannelEntry withLabel(String label) {
    return new ChannelEntry(
        name, version, identity, manifestBytes, status, reason, securityEpoch, manifest, label);
  }

  /** Refuses what is no label: those are formed like names. */
  static void requireLabel(String label) {
    require("label", label, PatchManifest.isName(label), "such as beta");
  }

  /** The target's path: {@code name/version}. */
  String path() {
    return name + "/" + version;
  }

  /** Refuses a revoked patch, whatever is to be done with it. */
  void requireNotRevoked() throws PatchkitException {
    if (status == Status.REVOKED) {
      throw new ChannelException(
          ChannelException.Code.REVOKED, path() + " (" + identity + ") is revoked: " + reason);
    }
  }

  private static void require(String field, String value, boolean holds, String allowed) {
    if (!holds) {
      throw new IllegalArgumentException(field + " is '" + value + "'; allowed: " + allowed);
    }
  }
}
