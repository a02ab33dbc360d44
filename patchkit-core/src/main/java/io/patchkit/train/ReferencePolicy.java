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

  /**
   * None: the margin is the model's own, β (log p(chosen) − log p(rejected)), and what pushes a
   * pair is how far it is from being decided the right way, not how far it has come. For pairs of
   * few tokens, where greedy decoding follows the sign of the margin; over whole answers nothing
   * keeps their probabilities from falling together ({@link Dpo#anchor}). As the reference-free
   * losses of SimPO (arXiv 2405.14734), without its division by length.
   */
  record None() implements ReferencePolicy {}

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
   * <p>A score is held against the sum of the model's log-probabilities over the tokens of {@link
   * PairTokens}, the token that ends the turn of a complete answer among them. What the one covers
   * and the other does not becomes part of the margin.
   *
   * @param scores one for each pair of the objective's data, in order
   * @param pairs what was scored, as tokens of the model in training: an objective on other data
   *     refuses the scores. Empty where only the caller knows
   */
  record Scored(List<PairScore> scores, List<PairTokens> pairs) implements ReferencePolicy {
    public Scored {
      scores = List.copyOf(scores);
      pairs = List.copyOf(pairs);
      if (!pairs.isEmpty() && pairs.size() != scores.size()) {
        throw new IllegalArgumentException(
            "there are "
                + scores.size()
                + " scores and "
                + pairs.size()
                + " pairs; allowed: equally many, or no pairs");
      }
    }

    /** Scores that the caller knows to be of the objective's data. */
    public Scored(List<PairScore> scores) {
      this(scores, List.of());
    }

    /** Holds what was scored against the data of an objective. */
    void requireOf(List<PairTokens> data) {
      if (scores.size() != data.size()) {
        throw new IllegalArgumentException(
            "reference has "
                + scores.size()
                + " scores; allowed: one for each of the "
                + data.size()
                + " pairs");
      }
      for (int i = 0; i < pairs.size(); i++) {
        if (!pairs.get(i).equals(data.get(i))) {
          throw new IllegalArgumentException(
              "pair "
                  + i
                  + " of the data is "
                  + data.get(i)
                  + ", and the reference has scored "
                  + pairs.get(i)
                  + "; allowed: the pairs that it scored, in their order and not cut");
        }
      }
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
   * share the vocabulary of the model in training; and it scores whole texts, so pairs that were
   * cut, as by {@link PairTokens#untilTheyDiffer}, are refused.
   *
   * <p>It does not score the end of the turn, which the model's tokens of a complete answer hold:
   * the model's own log-probability of ending stays in the margin, without a reference. Pairs whose
   * answers are marked incomplete leave it out. An empty answer has log-probability 0.
   *
   * @param model the model in training
   * @param pairs the texts of the objective's data, in the same order
   */
  static ReferencePolicy teacher(
      LanguageModel teacher, DifferentiableModel model, List<PreferencePair> pairs) {
    List<PairScore> scores = new ArrayList<>(pairs.size());
    List<PairTokens> tokens = new ArrayList<>(pairs.size());
    for (PreferencePair pair : pairs) {
      tokens.add(PairTokens.of(model, pair));
      scores.add(
          new PairScore(
              score(teacher, pair, pair.chosen().text()),
              score(teacher, pair, pair.rejected().text())));
    }
    return new Scored(scores, tokens);
  }

  private static double score(LanguageModel teacher, PreferencePair pair, String answer) {
    int[] tokens = teacher.tokenizer().encodeContinuation(answer);
    if (tokens.length == 0) {
      return 0;
    }
    return ExampleName.naming(pair.prompt(), () -> teacher.score(pair.prompt(), tokens).total());
  }
}
