package io.patchkit.release;

import io.patchkit.SemanticVersion;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonValue;
import io.patchkit.format.StrictJson;
import io.patchkit.release.RegistryException.Reason;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The {@code index.json} of an OCI image layout: which version is which manifest.
 *
 * @param manifests by version, ascending; their titles are empty
 */
record OciIndex(SortedMap<SemanticVersion, OciDescriptor> manifests) {

  static final int MAX_BYTES = 4 << 20;

  private static final String REFERENCE = "org.opencontainers.image.ref.name";

  OciIndex {
    manifests = Collections.unmodifiableSortedMap(new TreeMap<>(manifests));
  }

  static OciIndex empty() {
    return new OciIndex(new TreeMap<>());
  }

  /** The index in which this version is that manifest. */
  OciIndex with(SemanticVersion version, Digest digest, int size) {
    SortedMap<SemanticVersion, OciDescriptor> changed = new TreeMap<>(manifests);
    changed.put(version, new OciDescriptor(OciManifest.MEDIA_TYPE, digest, size, ""));
    return new OciIndex(changed);
  }

  /**
   * Reads an index. References that are no versions are passed over.
   *
   * @throws RegistryException {@code MALFORMED_REPLY}
   */
  static OciIndex parse(byte[] text) {
    try {
      SortedMap<SemanticVersion, OciDescriptor> manifests = new TreeMap<>();
      JsonObject root = StrictJson.parseObject(text, JsonLimits.large().withMaxBytes(MAX_BYTES));
      for (JsonObject manifest : root.array("manifests").objects()) {
        JsonObject annotations = manifest.optionalObject("annotations");
        String reference = annotations == null ? null : annotations.optionalString(REFERENCE);
        if (reference != null && isVersion(reference)) {
          manifests.put(
              SemanticVersion.parse(reference),
              new OciDescriptor(
                  manifest.string("mediaType"),
                  Digest.parse(manifest.string("digest")),
                  manifest.integer("size", 0, OciManifest.MAX_BYTES),
                  ""));
        }
      }
      return new OciIndex(manifests);
    } catch (FormatException | IllegalArgumentException e) {
      throw new RegistryException(
          Reason.MALFORMED_REPLY, "the index is none: " + e.getMessage(), e);
    }
  }

  /** Whether a tag or reference is a version, and so may be a patch's. */
  static boolean isVersion(String tag) {
    try {
      SemanticVersion.parse(tag);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  byte[] toBytes() {
    List<JsonValue> array = new ArrayList<>();
    for (Map.Entry<SemanticVersion, OciDescriptor> manifest : manifests.entrySet()) {
      array.add(
          JsonObject.builder()
              .put("mediaType", manifest.getValue().mediaType())
              .put("digest", manifest.getValue().digest().oci())
              .put("size", manifest.getValue().size())
              .put(
                  "annotations",
                  JsonObject.builder().put(REFERENCE, manifest.getKey().toString()).build())
              .build());
    }
    return StrictJson.write(
        JsonObject.builder()
            .put("schemaVersion", 2)
            .put("mediaType", OciManifest.INDEX_TYPE)
            .put("manifests", JsonArray.of(array))
            .build());
  }
}
