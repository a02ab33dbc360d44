package io.patchkit.examples;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonValue;
import io.patchkit.release.Digest;
import io.patchkit.release.InstalledPatch;
import io.patchkit.release.Revocations;
import io.patchkit.release.Revocations.Standing;
import io.patchkit.release.Revocations.State;
import io.patchkit.release.StackEntry;
import io.patchkit.release.StackGeneration;
import io.patchkit.release.StoreStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What {@code status} says of a store and of the channel that it follows. */
final class StoreReport {

  private StoreReport() {}

  /**
   * The store's state, and of each installed patch where it stands.
   *
   * @param channel the channel that the store follows, null for none
   * @param problem why what is known of the channel is not the newest; empty if it is
   */
  static JsonObject of(StoreStatus status, @Nullable FollowedChannel channel, String problem) {
    Revocations revocations = channel == null ? Revocations.none() : channel.client();
    List<JsonValue> installed = new ArrayList<>();
    for (InstalledPatch patch : status.installed()) {
      Standing standing = standing(status, revocations, patch);
      installed.add(
          JsonObject.builder()
              .put("patch", patch.id())
              .put("slot", patch.slot())
              .put("identity", patch.digest().hex())
              .put("standing", standing.state().name().toLowerCase(Locale.ROOT))
              .put("reason", standing.reason())
              .build());
    }
    StackGeneration current = status.current();
    JsonObject.Builder report =
        JsonObject.builder()
            .put("generation", current.number())
            .put("good", status.good())
            .put("share", current.share())
            .put("active", JsonArray.ofStrings(ids(current)))
            .put("stackDigest", current.stackDigest().hex())
            .put("installed", JsonArray.of(installed))
            .put("damaged", damaged(status.damaged()));
    if (channel != null) {
      report
          .put("channel", channel.address())
          .put("channelLabels", JsonArray.ofStrings(channel.labels()))
          .put("channelIsStale", revocations.isStale())
          .put("channelProblem", problem);
    }
    return report.build();
  }

  /** The patches that cannot be read, and why. */
  static JsonArray damaged(Map<Digest, String> patches) {
    List<JsonValue> damaged = new ArrayList<>();
    for (Map.Entry<Digest, String> patch : new TreeMap<>(patches).entrySet()) {
      damaged.add(
          JsonObject.builder()
              .put("identity", patch.getKey().hex())
              .put("problem", patch.getValue())
              .build());
    }
    return JsonArray.of(damaged);
  }

  /** What the store has found revoked stays so, whatever the channel says. */
  private static Standing standing(
      StoreStatus status, Revocations revocations, InstalledPatch patch) {
    String reason = status.revoked().get(patch.digest());
    return reason == null ? revocations.of(patch.digest()) : new Standing(State.REVOKED, reason);
  }

  /** The patches of a stack. */
  static List<String> ids(StackGeneration generation) {
    List<String> ids = new ArrayList<>();
    for (StackEntry entry : generation.stack()) {
      ids.add(entry.id());
    }
    return ids;
  }
}
