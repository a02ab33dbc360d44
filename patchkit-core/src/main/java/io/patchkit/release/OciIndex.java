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
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The {@code index.json} of an OCI image layout: which version is which manifest.
 *
 * @param json the index itself, with whatever else others keep in it
 * @param manifests by version, ascending; their titles are empty
 */
record OciIndex(JsonObject json, SortedMap<SemanticVersion, OciDescriptor> manifests) {

  static final int MAX_BYTES = 4 << 20;

  private static final String MANIFESTS = "manifests";
  private static final String REFERENCE = "org.opencontainers.image.ref.name";

  OciIndex {
    manifests = Collections.unmodifiableSortedMap(new TreeMap<>(manifests));
  }

  static OciIndex empty() {
    return new OciIndex(
        JsonObject.builder()
            .put("schemaVersion", 2)
            .put("mediaType", OciManifest.INDEX_TYPE)
            .put(MANIFESTS, JsonArray.of(List.of()))
            .build(),
        new TreeMap<>());
  }

  /** The index in which this version is that manifest, and all else as it was. */
  OciIndex with(SemanticVersion version, Digest digest, int size) {
    OciDescriptor manifest = new OciDescriptor(OciManifest.MEDIA_TYPE, digest, size, "");
    if (manifest.equals(manifests.get(version))) {
      return this;
    }
    List<JsonValue> entries = new ArrayList<>();
    for (JsonObject entry : json.array(MANIFESTS).objects()) {
      if (!version.equals(version(entry))) {
        entries.add(entry);
      }
    }
    entries.add(
        JsonObject.builder()
            .put("mediaType", manifest.mediaType())
            .put("digest", manifest.digest().oci())
            .put("size", manifest.size())
            .put("annotations", JsonObject.builder().put(REFERENCE, version.toString()).build())
            .build());
    JsonObject.Builder changed = JsonObject.builder();
    for (String name : json.names()) {
      changed.put(
          name,
          name.equals(MANIFESTS)
              ? JsonArray.of(entries)
              : Objects.requireNonNull(json.get(name), name));
    }
    SortedMap<SemanticVersion, OciDescriptor> versions = new TreeMap<>(manifests);
    versions.put(version, manifest);
    return new OciIndex(changed.build(), versions);
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
      for (JsonObject manifest : root.array(MANIFESTS).objects()) {
        SemanticVersion version = version(manifest);
        if (version != null) {
          manifests.put(
              version,
              new OciDescriptor(
                  manifest.string("mediaType"),
                  Digest.parse(manifest.string("digest")),
                  manifest.integer("size", 0, OciManifest.MAX_BYTES),
                  ""));
        }
      }
      return new OciIndex(root, manifests);
    } catch (FormatException | IllegalArgumentException e) {
      throw new RegistryException(
          Reason.MALFORMED_REPLY, "the index is none: " + e.getMessage(), e);
    }
  }

  /** The version to which an entry belongs, or null. */
  private static @Nullable SemanticVersion version(JsonObject entry) {
    JsonObject annotations = entry.optionalObject("annotations");
    String reference = annotations == null ? null : annotations.optionalString(REFERENCE);
    return reference != null && isVersion(reference) ? SemanticVersion.parse(reference) : null;
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
    return StrictJson.write(json);
  }
}
