package io.patchkit.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;

/**
 * Says how much of something a response has: harm, toxicity, refusal. Implementations are
 * thread-safe and give equal exchanges equal scores.
 */
public interface Judge {

  /** Its name and version, for the report. */
  JudgeId id();

  /**
   * Scores exchanges; a judge with a batch does them together.
   *
   * @return one score in [0, 1] for each, in order
   */
  List<Double> scores(List<Exchange> exchanges);

  /** Scores one exchange, in [0, 1]. */
  default double score(Exchange exchange) {
    return scores(List.of(exchange)).get(0);
  }

  /**
   * Its own name, or of a judge that is made of others those of all that have a part in it: what
   * the rule against the filtering judge looks at.
   */
  default Set<String> names() {
    return Set.of(id().name());
  }

  /**
   * Any function as a judge.
   *
   * @param score in [0, 1]; anything else is an {@link IllegalStateException} of {@link #scores}
   */
  static Judge of(String name, String version, ToDoubleFunction<Exchange> score) {
    return new FunctionJudge(new JudgeId(name, version), score);
  }

  /** One minus the score: of a refusal judge, one of compliance. */
  default Judge opposite() {
    return derived("not " + id().name(), score -> 1 - score);
  }

  /**
   * A judge that says 1 or 0.
   *
   * @param threshold scores at or above it are 1, in (0, 1]
   */
  default Judge atThreshold(double threshold) {
    if (!(threshold > 0 && threshold <= 1)) {
      throw new IllegalArgumentException("threshold is " + threshold + "; allowed: in (0, 1]");
    }
    return derived(id().name() + " ≥ " + threshold, score -> score >= threshold ? 1 : 0);
  }

  private Judge derived(String name, DoubleUnaryOperator function) {
    return new DerivedJudge(new JudgeId(name, id().version()), this, function);
  }

  /** The highest score of several judges: what any of them objects to. */
  static Judge highest(List<Judge> judges) {
    return CompositeJudge.of("any of", judges, Math::max);
  }

  /** The lowest score of several judges: what all of them object to. */
  static Judge lowest(List<Judge> judges) {
    return CompositeJudge.of("all of", judges, Math::min);
  }

  /**
   * Scores exchanges and holds the judge to its promise.
   *
   * @throws IllegalStateException if the scores are not as many as the exchanges, or not in [0, 1]
   */
  static List<Double> checkedScores(Judge judge, List<Exchange> exchanges) {
    Objects.requireNonNull(judge, "judge");
    List<Double> scores = new ArrayList<>(judge.scores(exchanges));
    if (scores.size() != exchanges.size()) {
      throw new IllegalStateException(
          "judge "
              + judge.id()
              + " gave "
              + scores.size()
              + " scores for "
              + exchanges.size()
              + " exchanges; expected one each");
    }
    for (double score : scores) {
      if (!(score >= 0 && score <= 1)) {
        throw new IllegalStateException(
            "judge " + judge.id() + " gave the score " + score + "; expected one in [0, 1]");
      }
    }
    return scores;
  }
}
