package io.patchkit.evaluate;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What was observed of an item, as JSON. */
final class ObservationJson {

  private ObservationJson() {}

  static JsonObject write(String item, Observation observation) {
    JsonObject.Builder values = JsonObject.builder();
    observation.values().forEach(values::put);
    List<JsonObject> samples = new ArrayList<>();
    for (Sample sample : observation.samples()) {
      samples.add(
          JsonObject.builder()
              .put("prompt", sample.prompt())
              .put("response", sample.response())
              .put("score", sample.score())
              .build());
    }
    return JsonObject.builder()
        .put("item", item)
        .put("values", values.build())
        .put("samples", JsonArray.of(samples))
        .build();
  }

  /** The id of the item that was observed. */
  static String item(JsonObject json) {
    return json.string("item");
  }

  static Observation read(JsonObject json) {
    Map<String, Double> values = new HashMap<>();
    JsonObject numbers = json.object("values");
    for (String field : numbers.names()) {
      values.put(field, numbers.number(field, -Double.MAX_VALUE, Double.MAX_VALUE));
    }
    List<Sample> samples = new ArrayList<>();
    for (JsonObject sample : json.array("samples").objects()) {
      samples.add(
          new Sample(
              sample.string("prompt"), sample.string("response"), sample.number("score", 0, 1)));
    }
    return new Observation(values, samples);
  }
}
