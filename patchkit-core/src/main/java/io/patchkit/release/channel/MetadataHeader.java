package io.patchkit.release.channel;

import io.patchkit.format.JsonObject;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * What the metadata of all roles begins with.
 *
 * @param version 1 to 2³¹ − 1
 * @param expires the instant from which the metadata counts no more, to the second
 */
record MetadataHeader(int version, Instant expires) {

  private static final String SPECIFICATION = "1.0.34";

  MetadataHeader {
    expires = expires.truncatedTo(ChronoUnit.SECONDS);
  }

  static MetadataHeader read(ChannelRole role, JsonObject signed) {
    signed.string("_type", List.of(role.id()));
    if (!signed.string("spec_version").matches("1\\.0(\\.\\d{1,4})?")) {
      throw signed.notAllowed("spec_version", "1.0, the only specification this library reads");
    }
    return new MetadataHeader(signed.integer("version", 1, Integer.MAX_VALUE), expires(signed));
  }

  private static Instant expires(JsonObject signed) {
    try {
      Instant expires = Instant.parse(signed.string("expires")).truncatedTo(ChronoUnit.SECONDS);
      if (expires.toString().equals(signed.string("expires"))) {
        return expires;
      }
    } catch (DateTimeParseException e) {
      // Refused below, like every other text that is not a time.
    }
    throw signed.notAllowed("expires", "a time in UTC to the second like 2026-01-31T12:00:00Z");
  }

  boolean isExpired(Instant now) {
    return !now.isBefore(expires);
  }

  /** A builder that has these fields. */
  JsonObject.Builder json(ChannelRole role) {
    return JsonObject.builder()
        .put("_type", role.id())
        .put("spec_version", SPECIFICATION)
        .put("version", version)
        .put("expires", expires.toString());
  }
}
