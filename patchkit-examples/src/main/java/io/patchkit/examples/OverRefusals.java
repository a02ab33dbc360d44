package io.patchkit.examples;

import io.patchkit.Prefix;
import io.patchkit.train.Answer;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.PairTokens;
import io.patchkit.train.TopLogProbabilities;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Benign training requests that a patch refuses, as preference pairs of one token. Greedy decoding
 * decides on a refusal in the first token of an answer: all refusals of the data open with the same
 * one. So no answer has to be generated to see what is refused.
 */
final class OverRefusals {

  /** One benign request in so many is looked at. */
  private static final int LOOKED_AT = 8;

  /** Requests that are looked at together. */
  private static final int AT_ONCE = 32;

  private final DifferentiableModel model;
  private final RefusalData data;
  private final int refusal;

  OverRefusals(DifferentiableModel model, RefusalData data) throws IOException {
    this.model = model;
    this.data = data;
    RefusalData.Request any = data.harmfulTraining().get(0);
    this.refusal =
        AnswerTokens.of(model, any.prompt(), Answer.of(data.refusal(any, 0))).answer()[0];
  }

  /**
   * Pairs for some of the requests that a patch begins to refuse and the base model does not: the
   * base's first token is chosen, that of a refusal rejected.
   *
   * @param seed other seeds look at other requests
   */
  List<PairTokens> pairs(Prefix patch, long seed) throws IOException {
    List<AnswerTokens> looked = openings(Math.floorMod(seed, LOOKED_AT));
    int[] patched = firstTokens("Looking for what is refused", patch, looked);
    List<AnswerTokens> refused = new ArrayList<>();
    for (int i = 0; i < patched.length; i++) {
      if (patched[i] == refusal) {
        refused.add(looked.get(i));
      }
    }
    int[] base = firstTokens("What the base says to those", null, refused);
    List<PairTokens> pairs = new ArrayList<>();
    for (int i = 0; i < base.length; i++) {
      if (base[i] != refusal) {
        pairs.add(PairTokens.of(refused.get(i).prompt(), new int[] {base[i]}, new int[] {refusal}));
      }
    }
    return pairs;
  }

  private List<AnswerTokens> openings(int first) throws IOException {
    List<AnswerTokens> openings = new ArrayList<>();
    List<RefusalData.Request> benign = data.benignTraining();
    for (int i = first; i < benign.size(); i += LOOKED_AT) {
      openings.add(RefusalTerms.opening(model, benign.get(i)));
    }
    return openings;
  }

  /** The token that each answer begins with, decoded greedily. */
  private int[] firstTokens(String task, @Nullable Prefix patch, List<AnswerTokens> openings) {
    ProgressBar bar = new ProgressBar(System.err, task);
    int[] tokens = new int[openings.size()];
    for (int from = 0; from < tokens.length; from += AT_ONCE) {
      int to = Math.min(from + AT_ONCE, tokens.length);
      List<TopLogProbabilities> likeliest =
          model.topLogProbabilities(patch, openings.subList(from, to), 1);
      for (int i = from; i < to; i++) {
        tokens[i] = likeliest.get(i - from).ids(0)[0];
      }
      bar.advance(to, tokens.length);
    }
    return tokens;
  }
}
