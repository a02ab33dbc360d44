package io.patchkit.evaluate;

import java.util.ArrayList;
import java.util.List;

/** A suite that asks no judge: it looks at log-probabilities, one item after the other. */
abstract class LogProbabilitySuite implements Suite {

  private final String name;
  private final Purpose purpose;
  private final EvaluationData data;

  LogProbabilitySuite(String name, Purpose purpose, EvaluationData data) {
    this.name = name;
    this.purpose = purpose;
    this.data = data;
  }

  /** What is found of one item; the seed is the evaluation's. */
  abstract Observation observe(Variant variant, Item item, long seed);

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final Purpose purpose() {
    return purpose;
  }

  @Override
  public final EvaluationData data() {
    return data;
  }

  @Override
  public final List<Judge> judges() {
    return List.of();
  }

  @Override
  public final List<Observation> observe(Variant variant, List<Item> items, long seed) {
    List<Observation> observations = new ArrayList<>();
    for (Item item : items) {
      observations.add(observe(variant, item, seed));
    }
    return observations;
  }
}
