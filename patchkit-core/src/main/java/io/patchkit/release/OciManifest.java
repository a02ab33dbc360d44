package io.patchkit.release;

import io.patchkit.format.FormatException;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonValue;
import io.patchkit.format.StrictJson;
import io.patchkit.release.RegistryException.Reason;
import io.patchkit.trust.PatchFiles;
import io.patchkit.trust.VerifiedPatch;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A patch as an OCI artifact: an image manifest whose config has the bytes of {@code patch.json}
 * and whose layers are the patch's files and the bundles that sign them, each with its name as
 * title. Signatures are layers because referrers get lost when artifacts are copied.
 *
 * @param config the descriptor of the config
 * @param layers the descriptors of the layers, in order
 */
record OciManifest(OciDescriptor config, List<OciDescriptor> layers) {

  static final String MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
  static final String INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
  static final int MAX_BYTES = 4 << 20;

  private static final String ARTIFACT_TYPE = "application/vnd.patchkit.patch.v1";
  private static final String CONFIG_TYPE = "application/vnd.patchkit.patch.config.v1+json";
  private static final String BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

  /** Five files, and the bundles. */
  private static final int MAX_LAYERS = 5 + VerifiedPatch.MAX_BUNDLES;

  private static final Pattern BUNDLE_TITLE =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}\\.sig");

  /** A layer that is a file of the patch. */
  private record FileType(String title, String mediaType, int maxBytes) {}

  private static final List<FileType> FILES =
      List.of(
          new FileType("patch.json", "application/vnd.patchkit.patch.v1+json", 256 << 10),
          new FileType(
              "adapter_config.json", "application/vnd.patchkit.adapter.config.v1+json", 256 << 10),
          new FileType(
              "adapter_model.safetensors",
              "application/vnd.patchkit.weights.v1.safetensors",
              256 << 20),
          new FileType("provenance.json", "application/vnd.patchkit.provenance.v1+json", 1 << 20),
          new FileType("evaluation.json", "application/vnd.patchkit.eval.v1+json", 1 << 20));

  OciManifest {
    layers = List.copyOf(layers);
  }

  /**
   * The manifest of a patch, and the content of its blobs by digest.
   *
   * @param content filled with the blobs
   */
  static OciManifest of(PatchFiles files, List<byte[]> bundles, Map<Digest, byte[]> content) {
    List<OciDescriptor> layers = new ArrayList<>();
    for (FileType type : FILES) {
      if (files.digests().containsKey(type.title())) {
        layers.add(blob(type.mediaType(), files.content(type.title()), type.title(), content));
      }
    }
    for (int i = 0; i < bundles.size(); i++) {
      layers.add(blob(BUNDLE_TYPE, bundles.get(i), "signature-" + (i + 1) + ".sig", content));
    }
    OciDescriptor config = blob(CONFIG_TYPE, files.content(PatchFiles.MANIFEST), "", content);
    return new OciManifest(config, layers);
  }

  private static OciDescriptor blob(
      String mediaType, byte[] bytes, String title, Map<Digest, byte[]> content) {
    OciDescriptor descriptor = OciDescriptor.of(mediaType, bytes, title);
    content.put(descriptor.digest(), bytes);
    return descriptor;
  }

  byte[] toBytes() {
    List<JsonValue> array = new ArrayList<>();
    layers.forEach(layer -> array.add(layer.toJson()));
    return StrictJson.write(
        JsonObject.builder()
            .put("schemaVersion", 2)
            .put("mediaType", MEDIA_TYPE)
            .put("artifactType", ARTIFACT_TYPE)
            .put("config", config.toJson())
            .put("layers", JsonArray.of(array))
            .build());
  }

  /**
   * Reads a manifest and holds it against the rules for patches.
   *
   * @throws RegistryException {@code NOT_A_PATCH}, {@code MALFORMED_MANIFEST}, {@code
   *     TOO_MANY_LAYERS}, {@code CONFIG_MISMATCH} or {@code TOO_LARGE}
   */
  static OciManifest parse(byte[] bytes) {
    try {
      JsonObject root = StrictJson.parseObject(bytes, JsonLimits.large().withMaxBytes(MAX_BYTES));
      requireType(root, "mediaType", MEDIA_TYPE);
      requireType(root, "artifactType", ARTIFACT_TYPE);
      root.rejectUnknown(
          "schemaVersion", "mediaType", "artifactType", "config", "layers", "annotations");
      root.integer("schemaVersion", 2, 2);
      JsonArray array = root.array("layers");
      if (array.size() > MAX_LAYERS) {
        throw new RegistryException(
            Reason.TOO_MANY_LAYERS,
            "expected at most " + MAX_LAYERS + " layers, found " + array.size());
      }
      List<OciDescriptor> layers = new ArrayList<>();
      for (JsonObject layer : array.objects()) {
        layers.add(OciDescriptor.parse(layer));
      }
      OciManifest manifest = new OciManifest(OciDescriptor.parse(root.object("config")), layers);
      manifest.requirePatch();
      return manifest;
    } catch (FormatException | IllegalArgumentException e) {
      throw new RegistryException(
          Reason.MALFORMED_MANIFEST, "the manifest is none: " + e.getMessage(), e);
    }
  }

  private static void requireType(JsonObject root, String field, String expected) {
    String found = root.optionalString(field);
    if (!expected.equals(found)) {
      throw new RegistryException(
          Reason.NOT_A_PATCH,
          "expected "
              + field
              + " "
              + expected
              + ", found "
              + (found == null ? "none" : quote(found))
              + (root.has("manifests") ? " and an index; name a platform-free patch" : ""));
    }
  }

  private void requirePatch() {
    Set<String> titles = new HashSet<>();
    for (OciDescriptor layer : layers) {
      if (!titles.add(layer.title())) {
        throw malformed("each title once", quote(layer.title()) + " twice");
      }
      int max = maxBytes(layer);
      if (layer.size() > max) {
        throw new RegistryException(
            Reason.TOO_LARGE,
            layer.title() + ": expected at most " + max + " bytes, found " + layer.size());
      }
    }
    if (!titles.contains(PatchFiles.MANIFEST)) {
      throw malformed("a layer " + PatchFiles.MANIFEST, titles.toString());
    }
    if (!config.mediaType().equals(CONFIG_TYPE)) {
      throw malformed("a config of type " + CONFIG_TYPE, quote(config.mediaType()));
    }
    for (OciDescriptor layer : layers) {
      if (layer.title().equals(PatchFiles.MANIFEST) && !layer.digest().equals(config.digest())) {
        throw new RegistryException(
            Reason.CONFIG_MISMATCH,
            "expected the config to be "
                + PatchFiles.MANIFEST
                + ", "
                + layer.digest()
                + ", found "
                + config.digest());
      }
    }
  }

  private static int maxBytes(OciDescriptor layer) {
    if (layer.mediaType().equals(BUNDLE_TYPE)) {
      if (!BUNDLE_TITLE.matcher(layer.title()).matches()) {
        throw malformed(
            "a bundle's title to be a plain name that ends in .sig", quote(layer.title()));
      }
      return VerifiedPatch.MAX_BUNDLE_BYTES;
    }
    for (FileType type : FILES) {
      if (type.mediaType().equals(layer.mediaType())) {
        if (!type.title().equals(layer.title())) {
          throw malformed(
              "title " + type.title() + " for " + type.mediaType(), quote(layer.title()));
        }
        return type.maxBytes();
      }
    }
    throw malformed("layers of the types that patches have", quote(layer.mediaType()));
  }

  boolean isBundle(OciDescriptor layer) {
    return layer.mediaType().equals(BUNDLE_TYPE);
  }

  private static RegistryException malformed(String expected, String found) {
    return new RegistryException(
        Reason.MALFORMED_MANIFEST, "expected " + expected + ", found " + found);
  }

  /** Foreign text, safe to print. */
  static String quote(String text) {
    String cut = text.length() > 100 ? text.substring(0, 100) + "..." : text;
    return "'" + cut.replaceAll("[^\\x20-\\x7e]", "?") + "'";
  }
}
