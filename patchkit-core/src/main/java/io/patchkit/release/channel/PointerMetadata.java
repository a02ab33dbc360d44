package io.patchkit.release.channel;

import io.patchkit.format.FormatException;
import io.patchkit.format.JsonObject;
import io.patchkit.release.channel.ChannelException.Code;
import java.util.regex.Pattern;

/**
 * Metadata that announces one other file: {@code timestamp} the snapshot, {@code snapshot} the
 * targets.
 *
 * @param announced whose file it announces
 */
record PointerMetadata(MetadataHeader header, ChannelRole announced, Announcement file) {

  /**
   * One version of a file. TUF lets length and hash be left out; here they may not.
   *
   * @param length bytes
   * @param sha256 lower-case hexadecimal
   */
  record Announcement(int version, int length, String sha256) {

    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

    static Announcement of(int version, byte[] content) {
      return new Announcement(version, content.length, CanonicalJson.sha256(content));
    }

    static Announcement read(JsonObject json, int maxBytes) {
      String sha256 = json.object("hashes").string("sha256");
      if (!HEX.matcher(sha256).matches()) {
        throw json.object("hashes").notAllowed("sha256", "64 lower-case hexadecimal digits");
      }
      return new Announcement(
          json.integer("version", 1, Integer.MAX_VALUE),
          json.integer("length", 1, maxBytes),
          sha256);
    }

    boolean isOf(byte[] content) {
      return content.length == length && CanonicalJson.sha256(content).equals(sha256);
    }

    /** Refuses content that is not the announced one. */
    void requireIsOf(byte[] content, String name) {
      if (!isOf(content)) {
        throw new ChannelException(
            Code.MIX_AND_MATCH,
            name
                + ": announced with "
                + length
                + " bytes of SHA-256 "
                + sha256
                + ", found "
                + content.length
                + " bytes of "
                + CanonicalJson.sha256(content));
      }
    }
  }

  static PointerMetadata read(ChannelRole role, JsonObject signed) {
    ChannelRole announced = announcedBy(role);
    JsonObject meta = signed.object("meta");
    for (String name : meta.names()) {
      if (!name.equals(announced.fileName())) {
        throw new FormatException(
            FormatException.Reason.UNKNOWN_FIELD,
            meta.path(name),
            "expected " + announced.fileName() + " alone; delegations are not followed");
      }
    }
    return new PointerMetadata(
        MetadataHeader.read(role, signed),
        announced,
        Announcement.read(meta.object(announced.fileName()), announced.maxBytes()));
  }

  private static ChannelRole announcedBy(ChannelRole role) {
    return switch (role) {
      case TIMESTAMP -> ChannelRole.SNAPSHOT;
      case SNAPSHOT -> ChannelRole.TARGETS;
      case ROOT, TARGETS ->
          throw new IllegalArgumentException(role + " announces no file; allowed: others");
    };
  }

  int version() {
    return header.version();
  }

  JsonObject json(ChannelRole role) {
    JsonObject meta =
        JsonObject.builder()
            .put("version", file.version())
            .put("length", file.length())
            .put("hashes", JsonObject.builder().put("sha256", file.sha256()).build())
            .build();
    return header
        .json(role)
        .put("meta", JsonObject.builder().put(announced.fileName(), meta).build())
        .build();
  }
}
