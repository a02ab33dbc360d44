package io.patchkit.release.channel;

import io.patchkit.format.FormatException;
import io.patchkit.format.JsonObject;
import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.trust.Signer;
import io.patchkit.trust.VerificationKey;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which keys may sign for which role.
 *
 * @param roles all four
 */
record RootMetadata(MetadataHeader header, Map<ChannelRole, RoleKeys> roles) {

  RootMetadata {
    roles = Collections.unmodifiableMap(new EnumMap<>(roles));
  }

  static RootMetadata read(JsonObject signed) {
    MetadataHeader header = MetadataHeader.read(ChannelRole.ROOT, signed);
    if (!signed.bool("consistent_snapshot")) {
      throw signed.notAllowed("consistent_snapshot", "true: files that are published stay");
    }
    Map<String, VerificationKey> keys = new LinkedHashMap<>();
    JsonObject known = signed.object("keys");
    for (String id : known.names()) {
      keys.put(id, TufKey.read(id, known.object(id)));
    }
    Map<ChannelRole, RoleKeys> roles = new EnumMap<>(ChannelRole.class);
    JsonObject named = signed.object("roles");
    for (ChannelRole role : ChannelRole.values()) {
      roles.put(role, RoleKeys.read(named.object(role.id()), keys));
    }
    return new RootMetadata(header, roles);
  }

  int version() {
    return header.version();
  }

  RoleKeys keys(ChannelRole role) {
    RoleKeys keys = roles.get(role);
    if (keys == null) {
      throw new FormatException(
          FormatException.Reason.MISSING_FIELD, "$.roles", "no keys of " + role.id());
    }
    return keys;
  }

  /** Refuses to go on with a root whose time is over: no client believes what it names. */
  void requireCurrent(Instant now) {
    if (header.isExpired(now)) {
      throw new ChannelException(
          Code.EXPIRED,
          ChannelRole.ROOT.fileName(version())
              + " expired on "
              + header.expires()
              + ", and it is "
              + now
              + ", so no client would follow; sign it anew with the root keys (renewRoot)");
    }
  }

  /** Refuses signers of the next root of whom fewer are this one's than clients demand. */
  void requireFollowed(List<Signer> signers) {
    RoleKeys own = keys(ChannelRole.ROOT);
    long found =
        signers.stream()
            .map(Signer::verificationKey)
            .filter(own.keys()::containsValue)
            .distinct()
            .count();
    if (found < own.threshold()) {
      throw new IllegalArgumentException(
          "root has "
              + found
              + " of the root keys of "
              + ChannelRole.ROOT.fileName(version())
              + "; allowed: "
              + own.threshold()
              + " or more of them, which have to sign their successors");
    }
  }

  JsonObject json() {
    Map<String, VerificationKey> keys = new LinkedHashMap<>();
    JsonObject.Builder roleObjects = JsonObject.builder();
    roles.forEach(
        (role, roleKeys) -> {
          keys.putAll(roleKeys.keys());
          roleObjects.put(role.id(), roleKeys.json());
        });
    JsonObject.Builder keyObjects = JsonObject.builder();
    keys.forEach((id, key) -> keyObjects.put(id, TufKey.json(key)));
    return header
        .json(ChannelRole.ROOT)
        .put("consistent_snapshot", true)
        .put("keys", keyObjects.build())
        .put("roles", roleObjects.build())
        .build();
  }
}
