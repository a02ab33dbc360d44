package io.patchkit.release;

import io.patchkit.SemanticVersion;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonValue;
import io.patchkit.format.StrictJson;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The text of {@code generations/N.json}. */
final class GenerationJson {

  private static final int FORMAT_VERSION = 1;

  private GenerationJson() {}

  static byte[] write(StackGeneration generation) {
    List<JsonValue> stack = new ArrayList<>();
    for (StackEntry entry : generation.stack()) {
      stack.add(
          JsonObject.builder()
              .put("digest", entry.digest().hex())
              .put("name", entry.name())
              .put("version", entry.version().toString())
              .put("slot", entry.slot())
              .build());
    }
    return StrictJson.write(
        JsonObject.builder()
            .put("formatVersion", FORMAT_VERSION)
            .put("number", generation.number())
            .put("parent", generation.parent())
            .put("origin", generation.origin().name())
            .put("actor", generation.change().actor())
            .put("reason", generation.change().reason())
            .put("created", generation.created().toString())
            .put("share", generation.share())
            .put("baseline", generation.baseline())
            .put("onTrial", generation.onTrial())
            .put("stack", JsonArray.of(stack))
            .put("stackDigest", generation.stackDigest().hex())
            .build());
  }

  /**
   * Reads a generation.
   *
   * @throws IllegalArgumentException if a value is not allowed
   * @throws io.patchkit.format.FormatException if the text is not of this format
   */
  static StackGeneration parse(byte[] text) {
    JsonObject root =
        StrictJson.parseObject(text, JsonLimits.defaults().withMaxBytes(4 << 20))
            .rejectUnknown(
                "formatVersion",
                "number",
                "parent",
                "origin",
                "actor",
                "reason",
                "created",
                "share",
                "baseline",
                "onTrial",
                "stack",
                "stackDigest");
    root.integer("formatVersion", FORMAT_VERSION, FORMAT_VERSION);
    List<StackEntry> stack = new ArrayList<>();
    for (JsonObject entry : root.array("stack").objects()) {
      entry.rejectUnknown("digest", "name", "version", "slot");
      stack.add(
          new StackEntry(
              new Digest(entry.string("digest")),
              entry.string("name"),
              SemanticVersion.parse(entry.string("version")),
              entry.string("slot")));
    }
    StackGeneration generation =
        new StackGeneration(
            root.integer("number", 0L, Long.MAX_VALUE),
            root.integer("parent", 0L, Long.MAX_VALUE),
            StackGeneration.Origin.valueOf(root.string("origin")),
            new Change(root.string("actor"), root.string("reason")),
            Instant.parse(root.string("created")),
            stack,
            root.number("share", 0, 1),
            root.integer("baseline", 0L, Long.MAX_VALUE),
            root.bool("onTrial"));
    if (!generation.stackDigest().hex().equals(root.string("stackDigest"))) {
      throw root.notAllowed("stackDigest", generation.stackDigest().hex());
    }
    return generation;
  }
}
