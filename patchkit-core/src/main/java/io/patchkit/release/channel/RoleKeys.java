package io.patchkit.release.channel;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import io.patchkit.trust.VerificationKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who may sign for a role, and how many of them must.
 *
 * @param keys by TUF key id; distinct ids are distinct keys
 * @param threshold at least 1, at most the number of keys
 */
record RoleKeys(Map<String, VerificationKey> keys, int threshold) {

  RoleKeys {
    keys = Collections.unmodifiableMap(new LinkedHashMap<>(keys));
    if (threshold < 1 || threshold > keys.size()) {
      throw new IllegalArgumentException(
          "threshold is " + threshold + "; allowed: 1 to the number of keys, " + keys.size());
    }
  }

  static RoleKeys of(List<VerificationKey> keys, int threshold) {
    Map<String, VerificationKey> byId = new LinkedHashMap<>();
    for (VerificationKey key : keys) {
      byId.put(TufKey.id(key), key);
    }
    return new RoleKeys(byId, threshold);
  }

  static RoleKeys read(JsonObject role, Map<String, VerificationKey> known) {
    Map<String, VerificationKey> keys = new LinkedHashMap<>();
    for (String id : role.array("keyids").strings()) {
      VerificationKey key = known.get(id);
      if (key == null || keys.put(id, key) != null) {
        throw role.notAllowed("keyids", "ids of the root's keys, each once");
      }
    }
    int threshold = role.integer("threshold", 1, Integer.MAX_VALUE);
    if (threshold > keys.size()) {
      throw role.notAllowed("threshold", "at most the number of keyids, " + keys.size());
    }
    return new RoleKeys(keys, threshold);
  }

  JsonObject json() {
    return JsonObject.builder()
        .put("keyids", JsonArray.ofStrings(new ArrayList<>(keys.keySet())))
        .put("threshold", threshold)
        .build();
  }
}
