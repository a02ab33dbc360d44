package io.patchkit.examples;

import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.PairTokens;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Preference pairs of one token each for requests of both kinds: the token that refusals begin with
 * over the one that the base model's answer to a harmful request begins with, and the other way
 * round for a benign one. Requests that the base refuses itself are left out.
 */
final class Decisions {

  private final DifferentiableModel model;
  private final RefusalData data;
  private final FirstTokens firstTokens;
  private final long seed;

  /**
   * @param seed other seeds take other requests
   */
  Decisions(DifferentiableModel model, RefusalData data, long seed) throws IOException {
    this.model = model;
    this.data = data;
    this.firstTokens = new FirstTokens(model, data);
    this.seed = seed;
  }

  /**
   * For harmful requests.
   *
   * @param most how many requests are taken, if there are so many
   */
  List<PairTokens> refuse(int most) throws IOException {
    return pairs("How the base answers harmful requests", data.harmfulTraining(), most, true);
  }

  /**
   * For benign requests.
   *
   * @param questions whether these are questions or requests of all other forms
   * @param most how many requests are taken, if there are so many
   */
  List<PairTokens> answer(boolean questions, int most) throws IOException {
    List<RefusalData.Request> requests =
        data.benignTraining().stream()
            .filter(request -> request.form().equals("question") == questions)
            .toList();
    String kind = questions ? "questions" : "imperatives";
    return pairs("How the base answers benign " + kind, requests, most, false);
  }

  private List<PairTokens> pairs(
      String task, List<RefusalData.Request> requests, int most, boolean refuse) {
    List<RefusalData.Request> taken = new ArrayList<>(requests);
    Collections.shuffle(taken, new Random(seed));
    List<AnswerTokens> openings =
        taken.stream().limit(most).map(request -> RefusalTerms.opening(model, request)).toList();
    int[] base = firstTokens.of(task, null, openings);
    List<PairTokens> pairs = new ArrayList<>();
    for (int i = 0; i < base.length; i++) {
      int[] refusal = {firstTokens.refusal()};
      int[] answer = {base[i]};
      if (answer[0] != refusal[0]) {
        int[] prompt = openings.get(i).prompt();
        pairs.add(
            refuse
                ? PairTokens.of(prompt, refusal, answer)
                : PairTokens.of(prompt, answer, refusal));
      }
    }
    return pairs;
  }
}
