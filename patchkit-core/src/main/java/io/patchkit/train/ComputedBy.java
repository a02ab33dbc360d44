package io.patchkit.train;

import io.patchkit.LibraryVersion;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * What has computed a training, each without repetition and in the order in which it came in: a
 * training may be gone on with elsewhere.
 *
 * @param runtimes {@link DifferentiableModel#runtime}, at least one
 * @param libraries versions of Patchkit
 * @param javas versions of Java
 */
record ComputedBy(List<String> runtimes, List<String> libraries, List<String> javas) {

  /** Stands between two in the provenance; runtimes hold commas. */
  private static final String SEPARATOR = "; ";

  ComputedBy {
    runtimes = List.copyOf(runtimes);
    libraries = List.copyOf(libraries);
    javas = List.copyOf(javas);
  }

  /** This process, with this model. */
  static ComputedBy here(DifferentiableModel model) {
    return new ComputedBy(
        List.of(model.runtime()),
        List.of("patchkit " + LibraryVersion.current()),
        List.of(Runtime.version().toString()));
  }

  static ComputedBy parse(JsonObject json) {
    return new ComputedBy(
        json.array("runtimes").strings(),
        json.array("libraries").strings(),
        json.array("javas").strings());
  }

  JsonObject toJson() {
    return JsonObject.builder()
        .put("runtimes", JsonArray.ofStrings(runtimes))
        .put("libraries", JsonArray.ofStrings(libraries))
        .put("javas", JsonArray.ofStrings(javas))
        .build();
  }

  /** These, and behind them those of another that are new. */
  ComputedBy and(ComputedBy next) {
    return new ComputedBy(
        union(runtimes, next.runtimes), union(libraries, next.libraries), union(javas, next.javas));
  }

  private static List<String> union(List<String> first, List<String> second) {
    LinkedHashSet<String> all = new LinkedHashSet<>(first);
    all.addAll(second);
    return new ArrayList<>(all);
  }

  void addTo(Map<String, String> facts) {
    facts.put("runtime", String.join(SEPARATOR, runtimes));
    facts.put("library", String.join(SEPARATOR, libraries));
    facts.put("java", String.join(SEPARATOR, javas));
  }
}
