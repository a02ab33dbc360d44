package io.patchkit.evaluate;

import io.patchkit.format.FormatException;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What one of several machines observed: the share of an evaluation that {@link
 * Evaluation#measure(int, int)} makes and {@link Evaluation#report(List)} puts together. Immutable;
 * it holds what the models said.
 */
public final class EvaluationPart {

  /** By what was measured, then by the item's id. */
  private final Map<String, Map<String, Observation>> observations;

  private EvaluationPart(Map<String, Map<String, Observation>> observations) {
    this.observations = observations;
  }

  /**
   * Adopts the observations.
   *
   * @param observations by a measurement's key, then by the item's id
   */
  static EvaluationPart adopt(Map<String, Map<String, Observation>> observations) {
    return new EvaluationPart(Collections.unmodifiableMap(observations));
  }

  /** What was observed under a measurement's key, by the item's id; empty where nothing was. */
  Map<String, Observation> observed(String key) {
    return Objects.requireNonNullElse(observations.get(key), Map.of());
  }

  /** The part as JSON, to be sent to where the report is made. */
  public JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder();
    observations.forEach(
        (key, observed) -> {
          List<JsonObject> items = new ArrayList<>();
          observed.forEach((item, found) -> items.add(ObservationJson.write(item, found)));
          json.put(key, JsonArray.of(items));
        });
    return json.build();
  }

  /**
   * Reads a part that {@link #toJson} wrote.
   *
   * @throws FormatException if the object is none
   */
  public static EvaluationPart of(JsonObject json) {
    Map<String, Map<String, Observation>> observations = new LinkedHashMap<>();
    for (String key : json.names()) {
      Map<String, Observation> observed = new LinkedHashMap<>();
      for (JsonObject item : json.array(key).objects()) {
        observed.put(ObservationJson.item(item), ObservationJson.read(item));
      }
      observations.put(key, observed);
    }
    return new EvaluationPart(Collections.unmodifiableMap(observations));
  }
}
