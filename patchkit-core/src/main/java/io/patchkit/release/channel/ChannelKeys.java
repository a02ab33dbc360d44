package io.patchkit.release.channel;

import io.patchkit.trust.Signer;
import io.patchkit.trust.VerificationKey;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The private keys of a channel. Keep those of the root offline: they are needed to change keys
 * only. The others sign at every publication, the timestamp's at every renewal.
 *
 * @param root who may change keys; none if they stay offline
 * @param rootThreshold how many of them must, 0 if none is here
 * @param targets lists the patches
 * @param snapshot binds the lists together
 * @param timestamp says what is newest
 */
public record ChannelKeys(
    List<Signer> root, int rootThreshold, Signer targets, Signer snapshot, Signer timestamp) {

  public ChannelKeys {
    root = List.copyOf(root);
    boolean isOnline = root.isEmpty() && rootThreshold == 0;
    if (!isOnline && (rootThreshold < 1 || rootThreshold > root.size())) {
      throw new IllegalArgumentException(
          "rootThreshold is "
              + rootThreshold
              + "; allowed: 1 to the number of root keys, "
              + root.size());
    }
  }

  /**
   * The keys that publish, without the root's: for everything but a new channel, a new root and a
   * change of keys.
   */
  public static ChannelKeys online(Signer targets, Signer snapshot, Signer timestamp) {
    return new ChannelKeys(List.of(), 0, targets, snapshot, timestamp);
  }

  Map<ChannelRole, RoleKeys> roles() {
    if (root.isEmpty()) {
      throw new IllegalArgumentException("root is empty; allowed: the root keys, which sign roots");
    }
    List<VerificationKey> rootKeys = new ArrayList<>();
    for (Signer signer : root) {
      rootKeys.add(signer.verificationKey());
    }
    Map<ChannelRole, RoleKeys> roles = new EnumMap<>(ChannelRole.class);
    roles.put(ChannelRole.ROOT, RoleKeys.of(rootKeys, rootThreshold));
    roles.put(ChannelRole.TARGETS, RoleKeys.of(List.of(targets.verificationKey()), 1));
    roles.put(ChannelRole.SNAPSHOT, RoleKeys.of(List.of(snapshot.verificationKey()), 1));
    roles.put(ChannelRole.TIMESTAMP, RoleKeys.of(List.of(timestamp.verificationKey()), 1));
    return roles;
  }

  /** Who signs for a role that has one key. */
  Signer signer(ChannelRole role) {
    return switch (role) {
      case TARGETS -> targets;
      case SNAPSHOT -> snapshot;
      case TIMESTAMP -> timestamp;
      case ROOT -> throw new IllegalArgumentException("role is root, which has several keys");
    };
  }
}
