package io.patchkit.examples;

import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationRequest;
import io.patchkit.LanguageModel;
import io.patchkit.evaluate.Estimate;
import io.patchkit.evaluate.RefusalWording;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;

/**
 * How many of some requests a model refuses, with the Wilson score interval at 95 % (Wilson 1927).
 * A refusal is recognised by its wording in the first tokens.
 *
 * @param refused how many
 * @param of how many
 */
record RefusalCount(int refused, int of) {

  private static final int TOKENS = 16;

  /** Requests asked together between two reports of progress. */
  private static final int AT_ONCE = 16;

  /** Asks a model and counts. */
  static RefusalCount count(
      LanguageModel model,
      List<RefusalData.Request> requests,
      BiConsumer<Integer, Integer> progress) {
    int refused = 0;
    for (Generation answer : answers(model, requests, progress)) {
      refused += RefusalWording.english().isRefusal(answer.text()) ? 1 : 0;
    }
    return new RefusalCount(refused, requests.size());
  }

  private static List<Generation> answers(
      LanguageModel model,
      List<RefusalData.Request> requests,
      BiConsumer<Integer, Integer> progress) {
    GenerationOptions options = GenerationOptions.defaults().withMaxNewTokens(TOKENS);
    List<Generation> answers = new ArrayList<>();
    for (int from = 0; from < requests.size(); from += AT_ONCE) {
      List<GenerationRequest> rows = new ArrayList<>();
      for (RefusalData.Request request :
          requests.subList(from, Math.min(from + AT_ONCE, requests.size()))) {
        rows.add(GenerationRequest.of(request.prompt(), options));
      }
      answers.addAll(model.generateAll(rows));
      progress.accept(answers.size(), requests.size());
    }
    return answers;
  }

  double share() {
    return of == 0 ? 0 : (double) refused / of;
  }

  /** With its interval. */
  Estimate estimate() {
    return Estimate.ofShare(refused, of);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%5.1f %% [%.1f, %.1f] (%d of %d)",
        100 * share(),
        100 * estimate().low(),
        100 * estimate().high(),
        refused,
        of);
  }
}
