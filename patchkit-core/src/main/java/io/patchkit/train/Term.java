package io.patchkit.train;

import java.util.Objects;

/**
 * One of the objectives that a training combines, and its share in each step. The loss of a step is
 * Σ weight · loss over the terms.
 *
 * @param name for curves and files: lower-case letters, digits and hyphens, at most 32
 * @param objective what is driven down, on which data
 * @param perStep how many of its examples each step takes, ≥ 1
 * @param weight of its loss, above 0
 * @param purpose what the term is for
 */
public record Term(String name, Objective objective, int perStep, double weight, Purpose purpose) {

  /** What a term is for. */
  public enum Purpose {
    /** To move the model towards the safer reference. */
    STEER,
    /** To keep the model as it is on benign prompts; a warning is given when its loss rises. */
    PRESERVE
  }

  public Term {
    Objects.requireNonNull(objective, "objective");
    Objects.requireNonNull(purpose, "purpose");
    if (!name.matches("[a-z0-9-]{1,32}")) {
      throw new IllegalArgumentException(
          "name is '" + name + "'; allowed: 1 to 32 lower-case letters, digits and hyphens");
    }
    if (perStep < 1) {
      throw new IllegalArgumentException("perStep is " + perStep + "; allowed: at least 1");
    }
    if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("weight is " + weight + "; allowed: above 0 and finite");
    }
  }

  /** A term of weight 1 that moves the model towards the safer reference. */
  public static Term steer(String name, Objective objective, int perStep) {
    return new Term(name, objective, perStep, 1, Purpose.STEER);
  }

  /** A term of weight 1 that keeps the model as it is. */
  public static Term preserve(String name, Objective objective, int perStep) {
    return new Term(name, objective, perStep, 1, Purpose.PRESERVE);
  }

  public Term withWeight(double weight) {
    return new Term(name, objective, perStep, weight, purpose);
  }
}
