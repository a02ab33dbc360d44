package io.patchkit.release.channel;

import io.patchkit.SemanticVersion;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonObject;
import io.patchkit.release.Digest;
import io.patchkit.release.channel.ChannelEntry.Status;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The released patches of a channel.
 *
 * @param entries each path once, each identity once
 */
record TargetsMetadata(MetadataHeader header, List<ChannelEntry> entries) {

  private static final int MAX_ENTRIES = 20_000;
  private static final Pattern MANIFEST = Pattern.compile("sha256:[0-9a-f]{64}");

  TargetsMetadata {
    entries = List.copyOf(entries);
    Set<String> seen = new HashSet<>();
    for (ChannelEntry entry : entries) {
      if (!seen.add(entry.identity())) {
        throw new IllegalArgumentException(
            "entries list the patch " + entry.identity() + " twice; allowed: each patch once");
      }
    }
  }

  static TargetsMetadata read(JsonObject signed) {
    MetadataHeader header = MetadataHeader.read(ChannelRole.TARGETS, signed);
    if (signed.has("delegations")) {
      throw signed.notAllowed("delegations", "no delegations, which are not followed");
    }
    JsonObject targets = signed.object("targets");
    if (targets.names().size() > MAX_ENTRIES) {
      throw signed.notAllowed("targets", "at most " + MAX_ENTRIES + " patches");
    }
    List<ChannelEntry> entries = new ArrayList<>();
    for (String path : targets.names()) {
      entries.add(entry(path, targets.object(path)));
    }
    try {
      return new TargetsMetadata(header, entries);
    } catch (IllegalArgumentException e) {
      throw refused(targets.path(), e);
    }
  }

  private static ChannelEntry entry(String path, JsonObject target) {
    JsonObject custom = target.object("custom");
    Status status = status(custom);
    String reason = custom.optionalString("reason");
    Integer epoch = custom.optionalInteger("securityEpoch", 0, Integer.MAX_VALUE);
    Digest manifest = manifest(custom);
    String label = custom.optionalString("channel");
    int slash = path.indexOf('/');
    try {
      return new ChannelEntry(
          path.substring(0, Math.max(0, slash)),
          SemanticVersion.parse(path.substring(slash + 1)),
          target.object("hashes").string("sha256"),
          target.integer("length", 1, Integer.MAX_VALUE),
          status,
          reason == null ? "" : reason,
          epoch == null ? 0 : epoch,
          manifest,
          label == null ? ChannelEntry.STABLE : label);
    } catch (IllegalArgumentException e) {
      throw refused(target.path(), e);
    }
  }

  private static Status status(JsonObject custom) {
    String found = custom.string("status");
    for (Status status : Status.values()) {
      if (text(status).equals(found)) {
        return status;
      }
    }
    throw custom.notAllowed("status", "active, withdrawn or revoked");
  }

  private static @Nullable Digest manifest(JsonObject custom) {
    String text = custom.optionalString("manifest");
    if (text == null) {
      return null;
    }
    if (!MANIFEST.matcher(text).matches()) {
      throw custom.notAllowed("manifest", "sha256: and 64 lower-case hexadecimal digits");
    }
    return Digest.parse(text);
  }

  private static FormatException refused(String path, IllegalArgumentException e) {
    return new FormatException(
        FormatException.Reason.VALUE_NOT_ALLOWED, path, String.valueOf(e.getMessage()));
  }

  private static String text(Status status) {
    return status.name().toLowerCase(Locale.ROOT);
  }

  int version() {
    return header.version();
  }

  JsonObject json() {
    JsonObject.Builder targets = JsonObject.builder();
    for (ChannelEntry entry : entries) {
      JsonObject.Builder custom =
          JsonObject.builder().put("channel", entry.label()).put("status", text(entry.status()));
      if (!entry.reason().isEmpty()) {
        custom.put("reason", entry.reason());
      }
      if (entry.securityEpoch() > 0) {
        custom.put("securityEpoch", entry.securityEpoch());
      }
      if (entry.manifest() != null) {
        custom.put("manifest", "sha256:" + entry.manifest().hex());
      }
      targets.put(
          entry.path(),
          JsonObject.builder()
              .put("length", entry.manifestBytes())
              .put("hashes", JsonObject.builder().put("sha256", entry.identity()).build())
              .put("custom", custom.build())
              .build());
    }
    return header.json(ChannelRole.TARGETS).put("targets", targets.build()).build();
  }
}
