package io.patchkit.evaluate;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a suite has observed of a variant so far. Not thread-safe. */
final class Measurement {

  private final Suite suite;
  private final Variant variant;
  private final @Nullable ObservationFile file;
  private final Map<String, Observation> observations = new HashMap<>();
  private final List<Item> missing = new ArrayList<>();

  private Measurement(Suite suite, Variant variant, @Nullable ObservationFile file) {
    this.suite = suite;
    this.variant = variant;
    this.file = file;
    if (file != null) {
      file.readInto(observations);
    }
    for (Item item : suite.data().items()) {
      if (!observations.containsKey(item.id())) {
        missing.add(item);
      }
    }
  }

  static Measurement inMemory(Suite suite, Variant variant) {
    return new Measurement(suite, variant, null);
  }

  /** One whose observations are kept in a folder, under a name that says what decides them. */
  static Measurement kept(Suite suite, Variant variant, long seed, Path folder) {
    String name =
        plain(suite.name()) + "." + plain(variant.name()) + "." + key(suite, variant, seed);
    return new Measurement(suite, variant, new ObservationFile(folder.resolve(name + ".jsonl")));
  }

  /** Digest of all that decides what is observed of an item. */
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
    if (file != null) {
      file.append(items, found);
    }
    for (int i = 0; i < items.size(); i++) {
      observations.put(items.get(i).id(), found.get(i));
    }
  }

  /** One observation for each item of the data, in order. */
  List<Observation> inOrder() {
    List<Observation> ordered = new ArrayList<>();
    for (Item item : suite.data().items()) {
      Observation observation = observations.get(item.id());
      if (observation == null) {
        throw new IllegalStateException("item '" + item.id() + "' has not been measured");
      }
      ordered.add(observation);
    }
    return ordered;
  }
}
