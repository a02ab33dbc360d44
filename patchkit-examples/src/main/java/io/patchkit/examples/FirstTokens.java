package io.patchkit.examples;

import io.patchkit.Prefix;
import io.patchkit.train.Answer;
import io.patchkit.train.AnswerTokens;
import io.patchkit.train.DifferentiableModel;
import io.patchkit.train.TopLogProbabilities;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a model begins its answers. Greedy decoding decides on a refusal in the first token: all
 * refusals of the data open with the same one. So no answer has to be generated to see what is
 * refused.
 */
final class FirstTokens {

  /** Requests that are looked at together. */
  private static final int AT_ONCE = 32;

  private final DifferentiableModel model;
  private final int refusal;

  FirstTokens(DifferentiableModel model, RefusalData data) throws IOException {
    this.model = model;
    RefusalData.Request any = data.harmfulTraining().get(0);
    this.refusal =
        AnswerTokens.of(model, any.prompt(), Answer.of(data.refusal(any, 0))).answer()[0];
  }

  /** The token that refusals begin with. */
  int refusal() {
    return refusal;
  }

  /**
   * The token that each answer begins with, decoded greedily.
   *
   * @param task what a person is told
   * @param patch null for the base model
   */
  int[] of(String task, @Nullable Prefix patch, List<AnswerTokens> openings) {
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
