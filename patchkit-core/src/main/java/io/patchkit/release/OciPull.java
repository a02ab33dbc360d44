package io.patchkit.release;

import io.patchkit.release.RegistryException.Reason;
import io.patchkit.trust.PatchFiles;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How a manifest and its blobs become a pulled patch, wherever they come from. */
final class OciPull {

  private OciPull() {}

  /** Where blobs come from. */
  interface Blobs {
    /** The bytes that the descriptor promises: as many, and of its digest. */
    byte[] fetch(OciDescriptor descriptor);
  }

  static PulledPatch pull(Release release, byte[] manifestBytes, Blobs blobs) {
    requireManifest(release.manifest(), manifestBytes);
    OciManifest manifest = OciManifest.parse(manifestBytes);
    Map<String, byte[]> files = new HashMap<>();
    List<byte[]> bundles = new ArrayList<>();
    for (OciDescriptor layer : manifest.layers()) {
      byte[] content = blobs.fetch(layer);
      if (manifest.isBundle(layer)) {
        bundles.add(content);
      } else {
        files.put(layer.title(), content);
      }
    }
    return new PulledPatch(release, PatchFiles.of(files), bundles);
  }

  static void requireManifest(Digest expected, byte[] bytes) {
    Digest found = Digest.of(bytes);
    if (!found.equals(expected)) {
      throw new RegistryException(
          Reason.MANIFEST_DIGEST,
          "expected the manifest " + expected + ", found bytes of " + found);
    }
  }

  static byte[] requireBlob(OciDescriptor expected, byte[] bytes) {
    if (bytes.length != expected.size()) {
      throw new RegistryException(
          Reason.SIZE_MISMATCH,
          expected.title() + ": expected " + expected.size() + " bytes, found " + bytes.length);
    }
    Digest found = Digest.of(bytes);
    if (!found.equals(expected.digest())) {
      throw new RegistryException(
          Reason.BLOB_DIGEST,
          expected.title()
              + ": expected the blob "
              + expected.digest()
              + ", found bytes of "
              + found
              + "; the registry's copy is damaged or forged");
    }
    return bytes;
  }

  static RegistryException moved(Release release, Digest found) {
    return new RegistryException(
        Reason.TAG_MOVED,
        "expected "
            + release
            + ", found that its version is now "
            + found.oci()
            + "; a release never changes: ask its publisher");
  }

  static RegistryException taken(String id, Digest expected, Digest found) {
    return new RegistryException(
        Reason.VERSION_TAKEN,
        "expected "
            + id
            + " to be free or "
            + expected.abbreviated()
            + ", found "
            + found.abbreviated()
            + " published; give this content a new version");
  }
}
