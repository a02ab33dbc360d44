package io.patchkit.evaluate;

import io.patchkit.format.JsonObject;
import java.util.List;

/**
 * Data, the way to measure it, and the figures that come of it. Implement it to measure something
 * of your own; implementations are immutable and thread-safe.
 */
public interface Suite {

  /** Name, unique in an evaluation. */
  String name();

  /** What it is there to show. */
  Purpose purpose();

  /** The rows it measures on. */
  EvaluationData data();

  /** The judges whose scores make the figures; empty where none does. */
  List<Judge> judges();

  /** The figures, the most telling first. */
  List<Metric> metrics();

  /**
   * Whatever else decides the observations: options, thresholds, number of samples. Together with
   * the data's digest, the judges, the variant and the seed it names the results, which are not
   * measured twice.
   */
  JsonObject configuration();

  /**
   * Measures some items on a variant. Equal arguments give equal observations, but for times.
   *
   * @param items of {@link #data()}; the suite may ask the variant for all of them together
   * @param seed of the evaluation; draws for an item depend on it and the item alone, so that all
   *     variants see the same ones
   * @return one observation for each item, in order
   */
  List<Observation> observe(Variant variant, List<Item> items, long seed);
}
