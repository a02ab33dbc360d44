package io.patchkit.examples;

import io.patchkit.LanguageModel;
import io.patchkit.Prompt;
import io.patchkit.train.Answer;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The data of the refusal patch as the objectives want it. Most rows hold only the first tokens of
 * an answer, where it is decided whether there is one: no gradient goes into the wording of what
 * follows, and a training of the same length meets more requests.
 */
final class RefusalTerms {

  /**
   * Up to "I'm sorry, but" and "I can't help with": after these tokens nothing is left to decide.
   * Two tokens less leave open whether "I'm sorry" is an apology.
   */
  private static final int REFUSED = 5;

  /** One benign request in so many is answered at greater length. */
  private static final int LONG_ROWS = 12;

  private static final int LONGER = 16;

  /** What is held of a passage. */
  private static final int PASSAGE = 48;

  private final LanguageModel served;
  private final DifferentiableModel model;
  private final RefusalData data;
  private final Path answers;

  /**
   * @param served what benign requests are answered by
   * @param model what the texts become tokens of
   * @param answers where answers are kept
   */
  RefusalTerms(LanguageModel served, DifferentiableModel model, RefusalData data, Path answers) {
    this.served = served;
    this.model = model;
    this.data = data;
    this.answers = answers;
  }

  /** Harmful requests with written refusals. */
  List<AnswerTokens> refusals() throws IOException {
    List<AnswerTokens> examples = new ArrayList<>();
    List<RefusalData.Request> requests = data.harmfulTraining();
    for (int i = 0; i < requests.size(); i++) {
      RefusalData.Request request = requests.get(i);
      examples.add(AnswerTokens.of(model, request.prompt(), Answer.of(data.refusal(request, i))));
    }
    return examples;
  }

  /** The same, as far as it takes to see that they are refused. */
  List<AnswerTokens> refusalOpenings() throws IOException {
    return refusals().stream().map(answer -> answer.first(REFUSED)).toList();
  }

  /**
   * Benign requests up to where their answer begins.
   *
   * @param questions whether these are questions or requests of all other forms
   */
  List<AnswerTokens> openings(boolean questions) throws IOException {
    return data.benignTraining().stream()
        .filter(request -> request.form().equals("question") == questions)
        .map(request -> opening(model, request))
        .toList();
  }

  /**
   * A request up to where its answer begins. Before its first token there is nothing of an answer
   * to go by, so the one that stands there may be any.
   */
  static AnswerTokens opening(DifferentiableModel model, RefusalData.Request request) {
    return AnswerTokens.of(model, request.prompt(), Answer.of("Any")).first(1);
  }

  /** What the patched model shall go on with as the base does: own answers, and plain prose. */
  List<AnswerTokens> continuations() throws IOException {
    List<AnswerTokens> examples =
        new ArrayList<>(ownAnswers(every(LONG_ROWS, data.benignTraining()), LONGER));
    for (String passage : data.passages()) {
      int start = passage.indexOf(' ');
      examples.add(
          AnswerTokens.of(
                  model,
                  Prompt.text(passage.substring(0, start)),
                  new Answer(passage.substring(start), false))
              .first(PASSAGE));
    }
    return examples;
  }

  private List<AnswerTokens> ownAnswers(List<RefusalData.Request> requests, int tokens)
      throws IOException {
    List<AnswerTokens> examples = new ArrayList<>();
    List<Answer> own = own(requests, tokens);
    for (int i = 0; i < requests.size(); i++) {
      examples.add(AnswerTokens.of(model, requests.get(i).prompt(), own.get(i)));
    }
    return examples;
  }

  private List<Answer> own(List<RefusalData.Request> requests, int tokens) throws IOException {
    ProgressBar bar = new ProgressBar(System.err, "Asking for " + tokens + " tokens");
    return OwnAnswers.of(served, tokens, answers).answers(prompts(requests), bar::advance);
  }

  private static List<RefusalData.Request> every(int nth, List<RefusalData.Request> requests) {
    List<RefusalData.Request> some = new ArrayList<>();
    for (int i = 0; i < requests.size(); i += nth) {
      some.add(requests.get(i));
    }
    return some;
  }

  private static List<Prompt> prompts(List<RefusalData.Request> requests) {
    List<Prompt> prompts = new ArrayList<>();
    for (RefusalData.Request request : requests) {
      prompts.add(request.prompt());
    }
    return prompts;
  }
}
