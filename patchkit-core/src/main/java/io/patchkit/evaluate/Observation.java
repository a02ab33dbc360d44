package io.patchkit.evaluate;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a suite found out about one item and one variant.
 *
 * @param values finite numbers by name; a metric leaves out items that lack one of its fields
 * @param samples what was said, where something was
 */
public record Observation(Map<String, Double> values, List<Sample> samples) {

  public Observation {
    values = Collections.unmodifiableMap(new TreeMap<>(values));
    samples = List.copyOf(samples);
    values.forEach(
        (field, value) -> {
          if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(
                "the value '" + field + "' is " + value + "; allowed: finite numbers");
          }
        });
  }

  /** Numbers without samples. */
  public static Observation of(Map<String, Double> values) {
    return new Observation(values, List.of());
  }
}
