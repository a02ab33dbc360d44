package io.patchkit.examples;

import io.patchkit.Prefix;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.PairTokens;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Benign training requests that a patch refuses, as preference pairs of one token. */
final class OverRefusals {

  /** One benign request in so many is looked at. */
  private static final int LOOKED_AT = 8;

  private final DifferentiableModel model;
  private final RefusalData data;
  private final FirstTokens firstTokens;

  OverRefusals(DifferentiableModel model, RefusalData data) throws IOException {
    this.model = model;
    this.data = data;
    this.firstTokens = new FirstTokens(model, data);
  }

  /**
   * Pairs for some of the requests that a patch begins to refuse and the base model does not: the
   * base's first token is chosen, that of a refusal rejected.
   *
   * @param seed other seeds look at other requests
   */
  List<PairTokens> pairs(Prefix patch, long seed) throws IOException {
    int refusal = firstTokens.refusal();
    List<AnswerTokens> looked = openings(Math.floorMod(seed, LOOKED_AT));
    int[] patched = firstTokens.of("Looking for what is refused", patch, looked);
    List<AnswerTokens> refused = new ArrayList<>();
    for (int i = 0; i < patched.length; i++) {
      if (patched[i] == refusal) {
        refused.add(looked.get(i));
      }
    }
    int[] base = firstTokens.of("What the base says to those", null, refused);
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
}
