package io.patchkit.release;

import io.patchkit.PatchManifest;
import io.patchkit.SemanticVersion;
import io.patchkit.release.RegistryException.Reason;
import io.patchkit.trust.PatchFiles;
import io.patchkit.trust.VerifiedPatch;
import java.util.List;

/**
 * Where patches are published. A registry is not trusted: what is pulled from it is bytes of the
 * right digests, and a patch only after {@link PulledPatch#verify}. Thread-safe; it holds no
 * resources that need closing.
 *
 * <p>Every method throws {@link RegistryException}.
 */
public sealed interface PatchRegistry permits DirectoryRegistry, OciRegistry {

  /** The versions of a patch, ascending; none if it was never published. */
  List<SemanticVersion> list(String name);

  /**
   * The release of this very version.
   *
   * @throws RegistryException {@code NOT_FOUND}
   */
  Release find(String name, SemanticVersion version);

  /**
   * The release of the highest version within the range.
   *
   * @throws RegistryException {@code NOT_FOUND} if the patch has no versions, {@code NO_MATCH} if
   *     none is within the range
   */
  default Release resolve(String name, VersionRange range) {
    List<SemanticVersion> versions = list(name);
    if (versions.isEmpty()) {
      throw new RegistryException(
          Reason.NOT_FOUND, "expected versions of '" + name + "' in " + this + ", found none");
    }
    SemanticVersion highest = range.highest(versions);
    if (highest == null) {
      throw new RegistryException(
          Reason.NO_MATCH,
          "expected a version of '" + name + "' within " + range + ", found " + versions);
    }
    return find(name, highest);
  }

  /**
   * Fetches a release by its digest.
   *
   * @throws RegistryException {@code TAG_MOVED} if the version names other content by now
   */
  PulledPatch pull(Release release);

  /**
   * Publishes a patch with the bundles that sign it. Publishing the same again does nothing.
   *
   * @throws RegistryException {@code VERSION_TAKEN} if the version has other content
   */
  Release publish(String name, SemanticVersion version, PatchFiles files, List<byte[]> bundles);

  /** Publishes a verified patch under its own name and version. */
  default Release publish(VerifiedPatch patch) {
    PatchManifest manifest = patch.patch().manifest();
    return publish(manifest.name(), manifest.version(), patch.files(), patch.bundles());
  }
}
