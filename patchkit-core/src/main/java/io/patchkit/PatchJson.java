package io.patchkit;

import io.patchkit.format.FormatException;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonValue;
import io.patchkit.format.StrictJson;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The text of {@code patch.json}: the manifest, what the prefix is, and the digests of the files
 * beside it. {@code docs/patch-format.md} is the specification; unknown fields are refused.
 *
 * @param manifest what the patch says of itself
 * @param kind what the weights are
 * @param length virtual tokens
 * @param space where the rows of a soft prompt live; {@link EmbeddingSpace#UNSPECIFIED} for
 *     key/values
 * @param files what lies beside it
 */
record PatchJson(
    PatchManifest manifest, Kind kind, int length, EmbeddingSpace space, List<ListedFile> files) {

  static final int FORMAT_VERSION = 1;

  /** What the weights of a patch are. */
  enum Kind {
    SOFT_PROMPT("soft-prompt"),
    KEY_VALUE("kv-prefix");

    private final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  /**
   * One file of the patch.
   *
   * @param name plain file name
   * @param size bytes
   * @param sha256 lower-case hexadecimal
   */
  record ListedFile(String name, long size, String sha256) {}

  PatchJson {
    files = List.copyOf(files);
  }

  PatchJson withFiles(List<ListedFile> files) {
    return new PatchJson(manifest, kind, length, space, files);
  }

  static PatchJson parse(byte[] text) {
    JsonObject root = StrictJson.parseObject(text, JsonLimits.defaults());
    root.rejectUnknown(
        "formatVersion",
        "name",
        "version",
        "slot",
        "prefix",
        "base",
        "composition",
        "description",
        "licence",
        "created",
        "provenance",
        "files");
    if (root.integer("formatVersion", 1, Integer.MAX_VALUE) != FORMAT_VERSION) {
      throw root.notAllowed(
          "formatVersion", FORMAT_VERSION + ", the only version this library reads");
    }
    JsonObject prefix = root.object("prefix").rejectUnknown("kind", "length", "space");
    Kind kind =
        prefix.string("kind").equals(Kind.SOFT_PROMPT.text) ? Kind.SOFT_PROMPT : Kind.KEY_VALUE;
    prefix.string("kind", List.of(Kind.SOFT_PROMPT.text, Kind.KEY_VALUE.text));
    EmbeddingSpace space = kind == Kind.SOFT_PROMPT ? space(prefix) : EmbeddingSpace.UNSPECIFIED;
    if (kind == Kind.KEY_VALUE && prefix.has("space")) {
      throw prefix.notAllowed("space", "no space, which only a soft prompt has");
    }
    return new PatchJson(
        manifest(root),
        kind,
        prefix.integer("length", 1, Prefix.MAX_LENGTH),
        space,
        files(root.array("files")));
  }

  private static PatchManifest manifest(JsonObject root) {
    return new PatchManifest(
        name(root, "name"),
        checked(root.path("version"), () -> SemanticVersion.parse(root.string("version"))),
        name(root, "slot"),
        base(root.object("base")),
        composition(root.object("composition")),
        root.string("description"),
        root.string("licence"),
        created(root),
        provenance(root.object("provenance")));
  }

  private static String name(JsonObject root, String field) {
    String name = root.string(field);
    return checked(
        root.path(field),
        () -> {
          PatchManifest.requireName(field, name);
          return name;
        });
  }

  /** Builds a value that refuses its parts with {@link IllegalArgumentException}. */
  private static <T> T checked(String path, Supplier<T> value) {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      throw new FormatException(
          FormatException.Reason.VALUE_NOT_ALLOWED, path, String.valueOf(e.getMessage()));
    }
  }

  private static Instant created(JsonObject root) {
    try {
      Instant created = Instant.parse(root.string("created")).truncatedTo(ChronoUnit.SECONDS);
      if (created.toString().equals(root.string("created"))) {
        return created;
      }
    } catch (DateTimeParseException e) {
      // Refused below, like every other text that is not a time.
    }
    throw root.notAllowed("created", "a time in UTC to the second like 2026-01-31T12:00:00Z");
  }

  private static EmbeddingSpace space(JsonObject prefix) {
    String found = prefix.string("space");
    List<String> allowed = new ArrayList<>();
    for (EmbeddingSpace space : EmbeddingSpace.values()) {
      if (text(space).equals(found)) {
        return space;
      }
      allowed.add(text(space));
    }
    throw prefix.notAllowed("space", "one of " + allowed);
  }

  private static String text(EmbeddingSpace space) {
    return space.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static BaseModel base(JsonObject base) {
    base.rejectUnknown(
        "name",
        "fingerprints",
        "tokenizerFingerprint",
        "hiddenSize",
        "layers",
        "keyValueHeads",
        "headDim");
    return checked(
        base.path(),
        () ->
            new BaseModel(
                base.string("name"),
                base.array("fingerprints").strings(),
                base.optionalString("tokenizerFingerprint"),
                base.integer("hiddenSize", 0, Integer.MAX_VALUE),
                base.integer("layers", 0, Integer.MAX_VALUE),
                base.integer("keyValueHeads", 0, Integer.MAX_VALUE),
                base.integer("headDim", 0, Integer.MAX_VALUE)));
  }

  private static Composition composition(JsonObject composition) {
    composition.rejectUnknown("requires", "conflicts", "replaces");
    return checked(
        composition.path(),
        () ->
            new Composition(
                composition.array("requires").strings(),
                composition.array("conflicts").strings(),
                composition.array("replaces").strings()));
  }

  private static Map<String, String> provenance(JsonObject provenance) {
    Map<String, String> facts = new LinkedHashMap<>();
    for (String name : provenance.names()) {
      facts.put(name, provenance.string(name));
    }
    return facts;
  }

  private static List<ListedFile> files(JsonArray array) {
    List<ListedFile> files = new ArrayList<>();
    for (JsonObject file : array.objects()) {
      file.rejectUnknown("name", "size", "sha256");
      files.add(
          new ListedFile(
              file.string("name"),
              file.integer("size", 0L, Long.MAX_VALUE),
              file.string("sha256")));
    }
    return files;
  }

  byte[] toBytes() {
    BaseModel base = manifest.base();
    JsonObject.Builder baseText =
        JsonObject.builder()
            .put("name", base.name())
            .put("fingerprints", JsonArray.ofStrings(base.fingerprints()));
    String tokenizer = base.tokenizerFingerprint();
    if (tokenizer != null) {
      baseText.put("tokenizerFingerprint", tokenizer);
    }
    baseText
        .put("hiddenSize", base.hiddenSize())
        .put("layers", base.layers())
        .put("keyValueHeads", base.keyValueHeads())
        .put("headDim", base.headDim());
    JsonObject.Builder prefix = JsonObject.builder().put("kind", kind.text).put("length", length);
    if (kind == Kind.SOFT_PROMPT) {
      prefix.put("space", text(space));
    }
    Composition composition = manifest.composition();
    JsonObject.Builder provenance = JsonObject.builder();
    manifest.orderedProvenance().forEach(provenance::put);
    List<JsonValue> listed = new ArrayList<>();
    for (ListedFile file : files) {
      listed.add(
          JsonObject.builder()
              .put("name", file.name())
              .put("size", file.size())
              .put("sha256", file.sha256())
              .build());
    }
    return StrictJson.write(
        JsonObject.builder()
            .put("formatVersion", FORMAT_VERSION)
            .put("name", manifest.name())
            .put("version", manifest.version().toString())
            .put("slot", manifest.slot())
            .put("prefix", prefix.build())
            .put("base", baseText.build())
            .put(
                "composition",
                JsonObject.builder()
                    .put("requires", JsonArray.ofStrings(composition.requires()))
                    .put("conflicts", JsonArray.ofStrings(composition.conflicts()))
                    .put("replaces", JsonArray.ofStrings(composition.replaces()))
                    .build())
            .put("description", manifest.description())
            .put("licence", manifest.licence())
            .put("created", manifest.created().toString())
            .put("provenance", provenance.build())
            .put("files", JsonArray.of(listed))
            .build());
  }
}
