package io.patchkit.train;

import io.patchkit.Prompt;
import java.util.ArrayList;
import java.util.List;

/** Small texts for the tiny model: "harmful" prompts begin with h, benign ones do not. */
final class TinyData {

  private TinyData() {}

  /** "Harmful" prompts, each answered by "bad". */
  static List<AnswerTokens> refusals(TinyModel model) {
    return answers(model, List.of("ha", "hbc", "hcaf", "hd", "heeb", "hg"), "bad");
  }

  static List<AnswerTokens> benign(TinyModel model) {
    return answers(model, List.of("ac", "cab", "d", "fe", "gfa"), "cab");
  }

  static List<PairTokens> pairs(TinyModel model) {
    List<PairTokens> pairs = new ArrayList<>();
    for (String prompt : List.of("ha", "hbc", "hcaf", "hd", "heeb")) {
      pairs.add(
          PairTokens.of(
              model, PreferencePair.of(Prompt.text(prompt), "bad", "f" + prompt.charAt(1) + "eg")));
    }
    return pairs;
  }

  /** Pairs that part in the first, the second or the third token of their answers, the last. */
  static List<PairTokens> partings(TinyModel model) {
    List<PairTokens> pairs = new ArrayList<>();
    for (String prompt : List.of("ha", "hbc", "hcaf", "hd", "heeb")) {
      String alike = "gf".substring(0, prompt.length() - 2);
      pairs.add(
          PairTokens.of(model, PreferencePair.of(Prompt.text(prompt), alike + "bad", alike + "ceg"))
              .untilTheyDiffer());
    }
    return pairs;
  }

  private static List<AnswerTokens> answers(TinyModel model, List<String> prompts, String answer) {
    List<AnswerTokens> answers = new ArrayList<>();
    for (String prompt : prompts) {
      answers.add(AnswerTokens.of(model, Prompt.text(prompt), Answer.of(answer)));
    }
    return answers;
  }
}
