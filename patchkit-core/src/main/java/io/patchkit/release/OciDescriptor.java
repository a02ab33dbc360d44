package io.patchkit.release;

import io.patchkit.format.JsonObject;

/**
 * What a manifest says of a blob.
 *
 * @param mediaType its type
 * @param digest of its bytes
 * @param size in bytes
 * @param title the file's name, empty for the config
 */
record OciDescriptor(String mediaType, Digest digest, int size, String title) {

  private static final String TITLE = "org.opencontainers.image.title";

  /**
   * Reads a descriptor.
   *
   * @throws io.patchkit.format.FormatException if it is not of the format
   * @throws IllegalArgumentException if its digest is not a SHA-256
   */
  static OciDescriptor parse(JsonObject json) {
    json.rejectUnknown("mediaType", "digest", "size", "annotations");
    String digest = json.string("digest");
    if (!digest.startsWith("sha256:")) {
      throw json.notAllowed("digest", "sha256: and 64 digits");
    }
    JsonObject annotations = json.optionalObject("annotations");
    String title = annotations == null ? null : annotations.optionalString(TITLE);
    return new OciDescriptor(
        json.string("mediaType"),
        Digest.parse(digest),
        json.integer("size", 0, Integer.MAX_VALUE),
        title == null ? "" : title);
  }

  static OciDescriptor of(String mediaType, byte[] content, String title) {
    return new OciDescriptor(mediaType, Digest.of(content), content.length, title);
  }

  JsonObject toJson() {
    JsonObject.Builder json =
        JsonObject.builder()
            .put("mediaType", mediaType)
            .put("digest", digest.oci())
            .put("size", size);
    if (!title.isEmpty()) {
      json.put("annotations", JsonObject.builder().put(TITLE, title).build());
    }
    return json.build();
  }
}
