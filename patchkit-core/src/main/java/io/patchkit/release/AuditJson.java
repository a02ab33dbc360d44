package io.patchkit.release;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** An audit entry as one line of JSON, without the line feed. */
final class AuditJson {

  private AuditJson() {}

  static byte[] write(AuditEntry entry) {
    List<String> patches = new ArrayList<>();
    entry.patches().forEach(patch -> patches.add(patch.hex()));
    JsonObject.Builder json =
        JsonObject.builder()
            .put("sequence", entry.sequence())
            .put("time", entry.time().toString())
            .put("action", entry.action().name())
            .put("actor", entry.change().actor())
            .put("reason", entry.change().reason())
            .put("generation", entry.generation())
            .put("stackDigest", entry.stackDigest().hex())
            .put("patches", JsonArray.ofStrings(patches));
    if (entry.target() != null) {
      json.put("target", entry.target());
    }
    return json.put("previous", entry.previous().hex())
        .build()
        .toString()
        .getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads an entry.
   *
   * @throws IllegalArgumentException if a value is not allowed
   * @throws io.patchkit.format.FormatException if the text is not of this format
   */
  static AuditEntry parse(byte[] line) {
    JsonObject root =
        StrictJson.parseObject(line, JsonLimits.defaults())
            .rejectUnknown(
                "sequence",
                "time",
                "action",
                "actor",
                "reason",
                "generation",
                "stackDigest",
                "patches",
                "target",
                "previous");
    List<Digest> patches = new ArrayList<>();
    root.array("patches").strings().forEach(hex -> patches.add(new Digest(hex)));
    return new AuditEntry(
        root.integer("sequence", 1L, Long.MAX_VALUE),
        Instant.parse(root.string("time")),
        AuditEntry.Action.valueOf(root.string("action")),
        new Change(root.string("actor"), root.string("reason")),
        root.integer("generation", 0L, Long.MAX_VALUE),
        new Digest(root.string("stackDigest")),
        patches,
        root.optionalInteger("target", 0L, Long.MAX_VALUE),
        new Digest(root.string("previous")));
  }
}
