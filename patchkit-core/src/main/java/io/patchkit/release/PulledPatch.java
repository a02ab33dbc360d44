package io.patchkit.release;

import io.patchkit.PatchManifest;
import io.patchkit.trust.PatchFiles;
import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.UntrustedPatchException;
import io.patchkit.trust.VerifiedPatch;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/**
 * What a registry sent: the files of a patch and the bundles that are said to sign it. Their sizes
 * and digests are those of the manifest; nothing else is known of them, and nothing was read.
 * Immutable.
 */
public final class PulledPatch {

  private final Release release;
  private final PatchFiles files;
  private final List<byte[]> bundles;

  PulledPatch(Release release, PatchFiles files, List<byte[]> bundles) {
    this.release = release;
    this.files = files;
    this.bundles = List.copyOf(bundles);
  }

  /** Under which name, version and digest it was published. */
  public Release release() {
    return release;
  }

  public PatchFiles files() {
    return files;
  }

  /** Copies of the signature bundles, in the manifest's order. */
  public List<byte[]> bundles() {
    List<byte[]> copies = new ArrayList<>();
    bundles.forEach(bundle -> copies.add(bundle.clone()));
    return copies;
  }

  /**
   * Verifies it, and that it is the patch whose name and version it was published under.
   *
   * @throws UntrustedPatchException if the policy does not trust it
   * @throws RegistryException {@code TAG_MOVED} if it is another patch, properly signed
   */
  public VerifiedPatch verify(TrustPolicy policy, Clock clock) {
    VerifiedPatch patch = VerifiedPatch.verify(files, bundles(), policy, clock);
    PatchManifest manifest = patch.patch().manifest();
    // Not the id: calm-1.0.0-2.0.0 is a version of calm and one of calm-1.0.0.
    if (!manifest.name().equals(release.name()) || !manifest.version().equals(release.version())) {
      throw new RegistryException(
          RegistryException.Reason.TAG_MOVED,
          "expected "
              + release.name()
              + " "
              + release.version()
              + " behind "
              + release
              + ", found a signed "
              + manifest.name()
              + " "
              + manifest.version());
    }
    return patch;
  }
}
