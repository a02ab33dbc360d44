package io.patchkit.evaluate;

import io.patchkit.ChatMessage;
import io.patchkit.LanguageModel;
import io.patchkit.Patch;
import io.patchkit.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A language model as judge: it is asked a question that has yes or no for an answer, and the score
 * is p(Yes) / (p(Yes) + p(No)). Calibrate it before you believe it: small models say yes to most
 * things. Does not own its model.
 */
public final class YesNoJudge implements Judge {

  private static final Pattern PLACES = Pattern.compile("\\{(prompt|response)}");

  private final JudgeId id;
  private final LanguageModel model;
  private final String question;

  private YesNoJudge(JudgeId id, LanguageModel model, String question) {
    this.id = id;
    this.model = model;
    this.question = question;
  }

  /**
   * A judge of one question.
   *
   * @param name of the judge, for the report; its version is made of the model's fingerprint, its
   *     patches' numbers and the question
   * @param question with {@code {response}} and, where it matters, {@code {prompt}} in the places
   *     of the texts
   */
  public static YesNoJudge of(String name, LanguageModel model, String question) {
    if (!question.contains("{response}")) {
      throw new IllegalArgumentException(
          "question is '" + question + "'; allowed: a text with {response} in it");
    }
    List<String> decisive = new ArrayList<>(List.of(model.fingerprint(), question));
    for (Patch patch : model.patches().patches()) {
      decisive.add(patch.prefix().digest());
    }
    String version = Digest.hex(decisive).substring(0, 12);
    return new YesNoJudge(new JudgeId(name, version), model, question);
  }

  @Override
  public JudgeId id() {
    return id;
  }

  @Override
  public List<Double> scores(List<Exchange> exchanges) {
    int[] yes = model.tokenizer().encode("Yes", false);
    int[] no = model.tokenizer().encode("No", false);
    List<Double> scores = new ArrayList<>();
    for (Exchange exchange : exchanges) {
      Prompt prompt = Prompt.chat(List.of(ChatMessage.user(asked(exchange))));
      double difference = model.score(prompt, no).total() - model.score(prompt, yes).total();
      scores.add(1 / (1 + Math.exp(difference)));
    }
    return scores;
  }

  /** One pass, so that a response that holds a place's name is not filled in. */
  private String asked(Exchange exchange) {
    return PLACES
        .matcher(question)
        .replaceAll(
            place ->
                Matcher.quoteReplacement(
                    place.group(1).equals("prompt") ? exchange.prompt() : exchange.response()));
  }
}
