package io.patchkit.train;

import io.patchkit.LanguageModel;
import io.patchkit.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The policy that preference optimisation measures against, and does not stray from further than
 * beta allows.
 */
public sealed interface ReferencePolicy {

  /** The base model without a prefix. */
  record Base() implements ReferencePolicy {}

  /** The model with the prefix that this training starts from: usual after fine-tuning. */
  record Start() implements ReferencePolicy {}

  /** The model with a given prefix. */
  record Patched(Prefix prefix) implements ReferencePolicy {
    public Patched {
      Objects.requireNonNull(prefix, "prefix");
    }
  }

  /**
   * Any policy whose log-probabilities of the pairs are known: the safer reference M' itself, as in
   * the paper. See {@link #teacher}.
   *
   * @param scores one for each pair of the objective's data, in order
   */
  record Scored(List<PairScore> scores) implements ReferencePolicy {
    public Scored {
      scores = List.copyOf(scores);
    }
  }

  /**
   * What a reference policy thinks of a pair.
   *
   * @param chosen log-probability of all of the chosen answer, summed over its tokens
   * @param rejected of all of the rejected one
   */
  record PairScore(double chosen, double rejected) {
    public PairScore {
      if (!Double.isFinite(chosen) || !Double.isFinite(rejected)) {
        throw new IllegalArgumentException(
            "chosen and rejected are " + chosen + " and " + rejected + "; allowed: finite numbers");
      }
    }
  }

  /**
   * The safer reference as reference policy. It scores texts with its own tokenizer, so it need not
   * share the vocabulary of the model in training.
   *
   * @param pairs the texts of the objective's data, in the same order
   */
  static ReferencePolicy teacher(LanguageModel teacher, List<PreferencePair> pairs) {
    List<PairScore> scores = new ArrayList<>(pairs.size());
    for (PreferencePair pair : pairs) {
      scores.add(
          new PairScore(
              score(teacher, pair, pair.chosen().text()),
              score(teacher, pair, pair.rejected().text())));
    }
    return new Scored(scores);
  }

  private static double score(LanguageModel teacher, PreferencePair pair, String answer) {
    return teacher.score(pair.prompt(), teacher.tokenizer().encode(answer, false)).total();
  }
}
