package io.patchkit.examples;

import io.patchkit.train.Answer;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.PairTokens;
import io.patchkit.train.PreferencePair;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The data of the refusal patch as the objectives want it. */
final class RefusalTerms {

  private final DifferentiableModel model;
  private final RefusalData data;
  private final OwnAnswers own;

  RefusalTerms(DifferentiableModel model, RefusalData data, OwnAnswers own) {
    this.model = model;
    this.data = data;
    this.own = own;
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

  /** Benign requests with the base model's own answers, imperatives first among equals. */
  List<AnswerTokens> benignAnswers() throws IOException {
    List<AnswerTokens> examples = new ArrayList<>();
    List<RefusalData.Request> requests = data.benignTraining();
    List<Answer> answers = own.answers(requests);
    for (int i = 0; i < requests.size(); i++) {
      examples.add(AnswerTokens.of(model, requests.get(i).prompt(), answers.get(i)));
    }
    return examples;
  }

  /** Where a request is benign, the base model's answer is chosen and a refusal rejected. */
  List<PairTokens> benignPairs() throws IOException {
    List<PairTokens> pairs = new ArrayList<>();
    List<RefusalData.Request> requests = data.benignTraining();
    List<Answer> answers = own.answers(requests);
    for (int i = 0; i < requests.size(); i++) {
      RefusalData.Request request = requests.get(i);
      Answer refusal = Answer.of(data.refusal(request, i));
      pairs.add(
          PairTokens.of(model, new PreferencePair(request.prompt(), answers.get(i), refusal)));
    }
    return pairs;
  }
}
