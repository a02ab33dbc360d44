package io.patchkit.train;

import io.patchkit.ModelShape;
import io.patchkit.Prefix;
import java.util.List;

/** The examples of a plan, held against the model that is to take them. */
final class TrainingExamples {

  private TrainingExamples() {}

  /**
   * Looks at every example of the terms and of the held-out ones.
   *
   * @param start the prefix that the training starts from
   * @throws IllegalArgumentException if an example does not fit the context behind the prefix, or
   *     holds an id beyond the vocabulary
   */
  static void requireFit(TrainingPlan plan, Prefix start, ModelShape shape) {
    for (Term term : plan.terms()) {
      requireFit("the term '" + term.name() + "'", term.objective(), start, shape);
    }
    Validation validation = plan.validation();
    if (validation != null) {
      for (Term term : validation.heldOut()) {
        requireFit("the held-out term '" + term.name() + "'", term.objective(), start, shape);
      }
    }
  }

  private static void requireFit(String term, Objective objective, Prefix start, ModelShape shape) {
    int virtual = Math.max(start.length(), referenceLength(objective));
    for (int i = 0; i < objective.size(); i++) {
      for (TrainingRow row : rows(objective, i)) {
        String example = "example " + i + " of " + term;
        if (virtual + row.length() > shape.contextLength()) {
          throw new IllegalArgumentException(
              example
                  + " has "
                  + row.length()
                  + " tokens behind a prefix of "
                  + virtual
                  + "; allowed: at most the "
                  + shape.contextLength()
                  + " positions of the model together");
        }
        requireIds(example, row, shape.vocabularySize());
      }
    }
  }

  private static void requireIds(String example, TrainingRow row, int vocabularySize) {
    for (int token : row.tokens()) {
      requireId(example, token, vocabularySize);
    }
    for (int target = 0; target < row.targets(); target++) {
      requireId(example, row.id(target), vocabularySize);
    }
  }

  private static void requireId(String example, int id, int vocabularySize) {
    if (id >= vocabularySize) {
      throw new IllegalArgumentException(
          example
              + " holds the id "
              + id
              + "; allowed: below the "
              + vocabularySize
              + " ids of the model's vocabulary");
    }
  }

  /** Length of the prefix that a reference policy has of its own. */
  private static int referenceLength(Objective objective) {
    return objective instanceof Dpo dpo
            && dpo.reference() instanceof ReferencePolicy.Patched patched
        ? patched.prefix().length()
        : 0;
  }

  private static List<TrainingRow> rows(Objective objective, int example) {
    if (objective instanceof Sft sft) {
      return List.of(sft.data().get(example).row(1));
    }
    if (objective instanceof Distillation distillation) {
      return List.of(distillation.data().get(example).row());
    }
    if (objective instanceof Counterfactual counterfactual) {
      return List.of(counterfactual.data().get(example).row(1));
    }
    return new PairRows(((Dpo) objective).data().get(example)).rows(1, 1);
  }
}
