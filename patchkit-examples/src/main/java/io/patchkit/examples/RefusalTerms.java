package io.patchkit.examples;

import io.patchkit.LanguageModel;
import io.patchkit.Prompt;
import io.patchkit.train.Answer;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.PairTokens;
import io.patchkit.train.PreferencePair;
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

  /** Up to "I'm sorry" and "I can't help": after these tokens nothing is left to decide. */
  private static final int DECIDED = 3;

  /** What preference pairs hold of an own answer. */
  private static final int ANSWERED = 8;

  /** One benign request in so many is answered at greater length. */
  private static final int LONG_ROWS = 8;

  private static final int LONGER = 24;

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
    return refusals().stream().map(answer -> answer.first(DECIDED)).toList();
  }

  /**
   * Benign requests with the beginnings of the base model's own answers.
   *
   * @param questions whether these are questions or requests of all other forms
   */
  List<AnswerTokens> openings(boolean questions) throws IOException {
    List<RefusalData.Request> requests = new ArrayList<>(data.benignTraining());
    requests.removeIf(request -> request.form().equals("question") != questions);
    return ownAnswers(requests, ANSWERED).stream().map(answer -> answer.first(DECIDED)).toList();
  }

  /** What the patched model shall go on with as the base does: own answers, and plain prose. */
  List<AnswerTokens> continuations() throws IOException {
    List<RefusalData.Request> some = new ArrayList<>();
    List<RefusalData.Request> requests = data.benignTraining();
    for (int i = 0; i < requests.size(); i += LONG_ROWS) {
      some.add(requests.get(i));
    }
    List<AnswerTokens> examples = new ArrayList<>(ownAnswers(some, LONGER));
    for (String passage : data.passages()) {
      int start = passage.indexOf(' ');
      examples.add(
          AnswerTokens.of(
                  model,
                  Prompt.text(passage.substring(0, start)),
                  new Answer(passage.substring(start), false))
              .first(2 * LONGER));
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

  /** Where a request is benign, the base model's answer is chosen and a refusal rejected. */
  List<PairTokens> benignPairs() throws IOException {
    List<PairTokens> pairs = new ArrayList<>();
    List<RefusalData.Request> requests = data.benignTraining();
    List<Answer> own = own(requests, ANSWERED);
    for (int i = 0; i < requests.size(); i++) {
      RefusalData.Request request = requests.get(i);
      Answer refusal = Answer.of(data.refusal(request, i));
      pairs.add(PairTokens.of(model, new PreferencePair(request.prompt(), own.get(i), refusal)));
    }
    return pairs;
  }

  private static List<Prompt> prompts(List<RefusalData.Request> requests) {
    List<Prompt> prompts = new ArrayList<>();
    for (RefusalData.Request request : requests) {
      prompts.add(request.prompt());
    }
    return prompts;
  }
}
