package io.patchkit.evaluate;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a suite has observed of a variant so far. Not thread-safe. */
final class Measurement {

  private final Suite suite;
  private final Variant variant;
  private final @Nullable ObservationFile file;
  private final String key;
  private final Map<String, Observation> observations = new HashMap<>();
  private final List<Item> missing = new ArrayList<>();

  private Measurement(Suite suite, Variant variant, long seed, @Nullable Path folder) {
    this.suite = suite;
    this.variant = variant;
    this.key = key(suite, variant, seed);
    this.file = folder == null ? null : new ObservationFile(folder.resolve(fileName()));
    if (file != null) {
      file.readInto(observations);
      observations.forEach(this::requireShares);
    }
    for (Item item : suite.data().items()) {
      if (!observations.containsKey(item.id())) {
        missing.add(item);
      }
    }
  }

  static Measurement inMemory(Suite suite, Variant variant, long seed) {
    return new Measurement(suite, variant, seed, null);
  }

  /** One whose observations are kept in a folder, under a name that says what decides them. */
  static Measurement kept(Suite suite, Variant variant, long seed, Path folder) {
    return new Measurement(suite, variant, seed, folder);
  }

  private String fileName() {
    return plain(suite.name()) + "." + plain(variant.name()) + "." + key + ".jsonl";
  }

  private static String key(Suite suite, Variant variant, long seed) {
    List<JsonObject> judges = new ArrayList<>();
    for (Judge judge : suite.judges()) {
      judges.add(
          JsonObject.builder()
              .put("name", judge.id().name())
              .put("version", judge.id().version())
              .build());
    }
    JsonObject key =
        JsonObject.builder()
            .put("suite", suite.name())
            .put("configuration", suite.configuration())
            .put("data", suite.data().digest())
            .put("judges", JsonArray.of(judges))
            .put("variant", variant.identity())
            .put("seed", seed)
            .build();
    return Digest.hex(List.of(key.toString())).substring(0, 16);
  }

  private static String plain(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    return plain.substring(0, Math.min(40, plain.length()));
  }

  Suite suite() {
    return suite;
  }

  Variant variant() {
    return variant;
  }

  /**
   * Names the measurement among those of one evaluation: a digest of all that decides what is
   * observed of an item, and the variant, since two of equal identity are measured one by one.
   */
  String partKey() {
    return key + " " + variant.name();
  }

  /** Leaves to others the items whose place in the data is not {@code index} modulo count. */
  void takeShare(int index, int count) {
    List<Item> items = suite.data().items();
    Set<String> share = new HashSet<>();
    for (int i = index; i < items.size(); i += count) {
      share.add(items.get(i).id());
    }
    missing.removeIf(item -> !share.contains(item.id()));
    observations.keySet().retainAll(share);
  }

  /** What has been observed, by the item's id, in the order of the data. */
  Map<String, Observation> observed() {
    Map<String, Observation> ordered = new LinkedHashMap<>();
    for (Item item : suite.data().items()) {
      Observation observation = observations.get(item.id());
      if (observation != null) {
        ordered.put(item.id(), observation);
      }
    }
    return ordered;
  }

  /** The items that are still to be measured, in order. */
  List<Item> missing() {
    return missing;
  }

  void add(List<Item> items, List<Observation> found) {
    if (found.size() != items.size()) {
      throw new IllegalStateException(
          "suite '"
              + suite.name()
              + "' gave "
              + found.size()
              + " observations of "
              + items.size()
              + " items; expected one each");
    }
    for (int i = 0; i < items.size(); i++) {
      requireShares(items.get(i).id(), found.get(i));
    }
    if (file != null) {
      file.append(items, found);
    }
    for (int i = 0; i < items.size(); i++) {
      observations.put(items.get(i).id(), found.get(i));
    }
  }

  /** A share counts items: each has the value or does not. */
  private void requireShares(String item, Observation observation) {
    for (Metric metric : suite.metrics()) {
      Statistic statistic = metric.statistic();
      Double value = observation.values().get(statistic.fields().get(0));
      if (statistic.isShare() && value != null && value != 0 && value != 1) {
        throw new IllegalStateException(
            "suite '"
                + suite.name()
                + "' observed "
                + statistic.fields().get(0)
                + " = "
                + value
                + " of item '"
                + item
                + "', of which '"
                + metric.name()
                + "' is a share; expected 0 or 1; take Statistic.mean for other values");
      }
    }
  }

  /** Takes what was observed elsewhere, by the item's id. */
  void take(Map<String, Observation> elsewhere) {
    elsewhere.forEach(
        (item, observation) -> {
          requireShares(item, observation);
          if (observations.putIfAbsent(item, observation) != null) {
            throw new IllegalArgumentException(
                "item '"
                    + item
                    + "' of the suite '"
                    + suite.name()
                    + "' was observed in two parts; allowed: each in one");
          }
        });
  }

  /** One observation for each item of the data, in order. */
  List<Observation> inOrder() {
    List<Observation> ordered = new ArrayList<>();
    for (Item item : suite.data().items()) {
      Observation observation = observations.get(item.id());
      if (observation == null) {
        throw new IllegalArgumentException(
            "item '"
                + item.id()
                + "' of the suite '"
                + suite.name()
                + "' has not been observed of '"
                + variant.name()
                + "'; expected all parts of one evaluation: same data, judges, models and seed");
      }
      ordered.add(observation);
    }
    return ordered;
  }
}
