package io.patchkit.trust;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonValue;
import io.patchkit.format.StrictJson;
import io.patchkit.trust.UntrustedPatchException.Code;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The in-toto statement of OpenSSF Model Signing v1.0: every file of a directory with its SHA-256.
 *
 * @param subject what the signer calls the directory; informs, proves nothing
 * @param digests lower-case hexadecimal SHA-256 by name, in the format's order
 */
record Statement(String subject, SortedMap<String, String> digests) {

  private static final String TYPE = "https://in-toto.io/Statement/v1";
  private static final String PREDICATE_TYPE = "https://model_signing/signature/v1.0";
  private static final String SHA256 = "sha256";

  /** What {@code model-signing} says by default that it left out. Here these files are not. */
  private static final Set<String> GIT_PATHS =
      Set.of(".git", ".gitattributes", ".github", ".gitignore");

  Statement {
    SortedMap<String, String> ordered = new TreeMap<>(ResourceName.ORDER);
    ordered.putAll(digests);
    digests = Collections.unmodifiableSortedMap(ordered);
  }

  static Statement of(String subject, Map<String, String> digests) {
    SortedMap<String, String> ordered = new TreeMap<>(ResourceName.ORDER);
    ordered.putAll(digests);
    return new Statement(subject, ordered);
  }

  /**
   * Reads a statement whose signature holds.
   *
   * @param leftOut names besides git's that the signer may say it left out
   */
  static Statement parse(byte[] utf8, Set<String> leftOut) {
    JsonLimits limits = JsonLimits.defaults().withMaxBytes(Math.max(1, utf8.length));
    return ForeignJson.read(
        utf8,
        limits,
        "signed statement",
        Code.MALFORMED_STATEMENT,
        statement -> read(statement, leftOut));
  }

  private static Statement read(JsonObject statement, Set<String> leftOut) {
    ForeignJson.requireText(statement, "_type", TYPE, Code.UNSUPPORTED_STATEMENT);
    ForeignJson.requireText(statement, "predicateType", PREDICATE_TYPE, Code.UNSUPPORTED_STATEMENT);
    statement.rejectUnknown("_type", "subject", "predicateType", "predicate");
    JsonObject subject = ForeignJson.only(statement.array("subject"), Code.SUBJECT_COUNT);
    subject.rejectUnknown("name", "digest");
    JsonObject predicate = statement.object("predicate");
    predicate.rejectUnknown("serialization", "resources");
    requireWholeFiles(predicate.object("serialization"), leftOut);

    SortedMap<String, String> digests = new TreeMap<>(ResourceName.ORDER);
    for (JsonObject resource : predicate.array("resources").objects()) {
      resource.rejectUnknown("name", "algorithm", "digest");
      ForeignJson.requireText(resource, "algorithm", SHA256, Code.UNSUPPORTED_SERIALIZATION);
      String name = resource.string("name");
      if (!digests.isEmpty() && ResourceName.ORDER.compare(digests.lastKey(), name) >= 0) {
        throw new UntrustedPatchException(
            Code.RESOURCES_NOT_CANONICAL,
            resource.path("name")
                + ": expected names in order, each once, found "
                + ResourceName.quote(name)
                + " after "
                + ResourceName.quote(digests.lastKey()));
      }
      digests.put(name, digest(resource, "digest"));
    }
    ResourceName.requireSafe(digests.keySet());

    Statement result = new Statement(subject.string("name"), digests);
    String root = digest(subject.object("digest").rejectUnknown(SHA256), SHA256);
    if (!root.equals(result.root())) {
      throw new UntrustedPatchException(
          Code.ROOT_MISMATCH,
          "the subject's digest: expected " + result.root() + ", found " + root);
    }
    return result;
  }

  private static void requireWholeFiles(JsonObject serialization, Set<String> leftOut) {
    serialization.rejectUnknown("method", "hash_type", "allow_symlinks", "ignore_paths");
    Code code = Code.UNSUPPORTED_SERIALIZATION;
    ForeignJson.requireText(serialization, "method", "files", code);
    ForeignJson.requireText(serialization, "hash_type", SHA256, code);
    if (serialization.bool("allow_symlinks")) {
      throw new UntrustedPatchException(
          code, serialization.path("allow_symlinks") + ": expected false, found true");
    }
    JsonArray ignored = serialization.optionalArray("ignore_paths");
    if (ignored != null) {
      for (String path : ignored.strings()) {
        if (!GIT_PATHS.contains(path) && !leftOut.contains(path)) {
          throw new UntrustedPatchException(
              code,
              ignored.path()
                  + ": expected no files to be left out, found "
                  + ResourceName.quote(path)
                  + "; sign again without --ignore-paths");
        }
      }
    }
  }

  private static String digest(JsonObject object, String field) {
    String digest = object.string(field);
    if (!Sha256.HEX.matcher(digest).matches()) {
      throw new UntrustedPatchException(
          Code.RESOURCES_NOT_CANONICAL,
          String.valueOf(
              object.notAllowed(field, "64 lower-case hexadecimal digits").getMessage()));
    }
    return digest;
  }

  /** SHA-256 of all digests' bytes in order. Names are not in it, so it identifies nothing. */
  private String root() {
    MessageDigest sha256 = Sha256.digest();
    for (String digest : digests.values()) {
      sha256.update(HexFormat.of().parseHex(digest));
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  byte[] toBytes() {
    List<JsonValue> resources = new ArrayList<>();
    for (Map.Entry<String, String> file : digests.entrySet()) {
      resources.add(
          JsonObject.builder()
              .put("name", file.getKey())
              .put("algorithm", SHA256)
              .put("digest", file.getValue())
              .build());
    }
    JsonObject subjectObject =
        JsonObject.builder()
            .put("name", subject)
            .put("digest", JsonObject.builder().put(SHA256, root()).build())
            .build();
    JsonObject serialization =
        JsonObject.builder()
            .put("method", "files")
            .put("hash_type", SHA256)
            .put("allow_symlinks", false)
            .put("ignore_paths", JsonArray.of(List.of()))
            .build();
    return StrictJson.write(
        JsonObject.builder()
            .put("_type", TYPE)
            .put("subject", JsonArray.of(List.of(subjectObject)))
            .put("predicateType", PREDICATE_TYPE)
            .put(
                "predicate",
                JsonObject.builder()
                    .put("serialization", serialization)
                    .put("resources", JsonArray.of(resources))
                    .build())
            .build());
  }

  /**
   * Refuses files that are not exactly the signed ones.
   *
   * @param found SHA-256 by name
   */
  void requireExactly(Map<String, String> found) {
    for (Map.Entry<String, String> signed : digests.entrySet()) {
      String digest = found.get(signed.getKey());
      if (digest == null) {
        throw new UntrustedPatchException(
            Code.MISSING_FILE, ResourceName.quote(signed.getKey()) + " was signed and is missing");
      }
      if (!digest.equals(signed.getValue())) {
        throw new UntrustedPatchException(
            Code.DIGEST_MISMATCH,
            "SHA-256 of "
                + ResourceName.quote(signed.getKey())
                + ": signed "
                + signed.getValue()
                + ", found "
                + digest
                + "; get the files again from where they were published");
      }
    }
    for (String name : found.keySet()) {
      if (!digests.containsKey(name)) {
        throw new UntrustedPatchException(
            Code.EXTRA_FILE, ResourceName.quote(name) + " is there and was not signed");
      }
    }
  }
}
