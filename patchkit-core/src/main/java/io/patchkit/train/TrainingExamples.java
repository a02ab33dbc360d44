package io.patchkit.train;

import io.patchkit.ModelShape;
import io.patchkit.Prefix;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The examples of a plan, held against the model that is to take them. */
final class TrainingExamples {

  /** Examples that are named of those that are too long. */
  private static final int SHOWN = 5;

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
    Map<Integer, Integer> tooLong = new LinkedHashMap<>();
    for (int i = 0; i < objective.size(); i++) {
      for (TrainingRow row : rows(objective, i)) {
        if (virtual + row.length() > shape.contextLength()) {
          tooLong.merge(i, row.length(), Math::max);
        }
        requireIds("example " + i + " of " + term, row, shape.vocabularySize());
      }
    }
    if (!tooLong.isEmpty()) {
      throw tooLong(term, objective.size(), tooLong, virtual, shape.contextLength());
    }
  }

  private static IllegalArgumentException tooLong(
      String term, int size, Map<Integer, Integer> tooLong, int virtual, int contextLength) {
    List<String> first =
        tooLong.entrySet().stream()
            .limit(SHOWN)
            .map(example -> "example " + example.getKey() + " has " + example.getValue())
            .toList();
    return new IllegalArgumentException(
        tooLong.size()
            + " of the "
            + size
            + " examples of "
            + term
            + " have too many tokens behind a prefix of "
            + virtual
            + ": "
            + String.join(", ", first)
            + (tooLong.size() > SHOWN ? ", …" : "")
            + "; allowed: at most the "
            + contextLength
            + " positions of the model together");
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
