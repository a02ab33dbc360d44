package io.patchkit.train;

import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.Prompt;
import io.patchkit.StubModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/** A language model whose answers are a function of prompt and options; it remembers both. */
final class FakeModel extends StubModel {

  private final BiFunction<Prompt, GenerationOptions, String> answers;
  private final FinishReason finishReason;
  final List<Prompt> prompts = new ArrayList<>();

  FakeModel(FinishReason finishReason, BiFunction<Prompt, GenerationOptions, String> answers) {
    this.answers = answers;
    this.finishReason = finishReason;
  }

  @Override
  public Generation generate(Prompt prompt, GenerationOptions options) {
    prompts.add(prompt);
    return new Generation(
        answers.apply(prompt, options),
        List.of(1),
        finishReason,
        0,
        1,
        Duration.ZERO,
        Duration.ZERO);
  }

  /** Each letter has log-probability −1, −0.5 where it repeats the prompt's first. */
  /** −1, and −0.5 where the letter repeats the prompt's first. */
  @Override
  protected double logProbability(Prompt prompt, int token) {
    return token == ((Prompt.Text) prompt).text().charAt(0) ? -0.5 : -1;
  }

  @Override
  public String name() {
    return "fake";
  }
}
