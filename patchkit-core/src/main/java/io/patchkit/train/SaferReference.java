package io.patchkit.train;

import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import io.patchkit.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;

/**
 * M', the model whose behaviour a patch is to bring about. Only its text is needed: it may have
 * another architecture, another tokenizer, or run elsewhere. As thread-safe as what it is made of.
 */
public sealed interface SaferReference {

  /**
   * What the reference answers.
   *
   * @throws IllegalArgumentException if it has no answer to this prompt and will have none: {@link
   *     PreferencePairs#build} then leaves the prompt out
   * @throws IllegalStateException if a model's generation was cancelled, or a score is no finite
   *     number
   */
  Answer answer(Prompt prompt);

  /** Another model, typically larger or better aligned. */
  record OtherModel(LanguageModel model, GenerationOptions options) implements SaferReference {

    public OtherModel {
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(options, "options");
    }

    @Override
    public Answer answer(Prompt prompt) {
      return Answer.of(model.generate(prompt, options));
    }
  }

  /**
   * A model under a safety instruction, typically the base itself. A small model may be no safer
   * for it: count before you train.
   *
   * @param instruction stands before a text, or is the first system message of a chat
   */
  record Instructed(LanguageModel model, String instruction, GenerationOptions options)
      implements SaferReference {

    public Instructed {
      Objects.requireNonNull(model, "model");
      Objects.requireNonNull(options, "options");
      if (instruction.isBlank()) {
        throw new IllegalArgumentException("instruction is blank; allowed: a written instruction");
      }
    }

    @Override
    public Answer answer(Prompt prompt) {
      return Answer.of(model.generate(prompt.withInstruction(instruction), options));
    }
  }

  /**
   * The best of several answers.
   *
   * @param candidates asked in order, at least one
   * @param score of an answer to a prompt, higher is better, finite; the first of equals is taken.
   *     Not the judge that will report results
   */
  record BestOf(List<SaferReference> candidates, ToDoubleBiFunction<Prompt, String> score)
      implements SaferReference {

    public BestOf {
      candidates = List.copyOf(candidates);
      Objects.requireNonNull(score, "score");
      if (candidates.isEmpty()) {
        throw new IllegalArgumentException("candidates is empty; allowed: at least one");
      }
    }

    @Override
    public Answer answer(Prompt prompt) {
      Answer best = null;
      double bestScore = Double.NEGATIVE_INFINITY;
      for (SaferReference candidate : candidates) {
        Answer answer = candidate.answer(prompt);
        double found = FiniteScore.of(score, prompt, answer);
        if (best == null || found > bestScore) {
          best = answer;
          bestScore = found;
        }
      }
      return Objects.requireNonNull(best);
    }
  }

  /** Answers that somebody wrote. */
  record Given(Map<Prompt, Answer> answers) implements SaferReference {

    public Given {
      answers = Map.copyOf(answers);
    }

    @Override
    public Answer answer(Prompt prompt) {
      Answer answer = answers.get(prompt);
      if (answer == null) {
        throw new IllegalArgumentException(
            "no answer is given to "
                + prompt
                + "; allowed: the "
                + answers.size()
                + " given prompts");
      }
      return answer;
    }
  }

  /** Anything that answers: a remote model, a rule, a person. */
  record Answering(Function<Prompt, Answer> function) implements SaferReference {

    public Answering {
      Objects.requireNonNull(function, "function");
    }

    @Override
    public Answer answer(Prompt prompt) {
      return function.apply(prompt);
    }
  }

  /** Another model. */
  static SaferReference model(LanguageModel model, GenerationOptions options) {
    return new OtherModel(model, options);
  }

  /** A model under a safety instruction. */
  static SaferReference instructed(
      LanguageModel model, String instruction, GenerationOptions options) {
    return new Instructed(model, instruction, options);
  }

  /**
   * The best of n samples of one model, drawn with the seeds that follow the options' seed.
   *
   * @param n at least 1
   * @param options with a temperature above 0, or all samples are one
   */
  static SaferReference bestOf(
      int n,
      LanguageModel model,
      GenerationOptions options,
      ToDoubleBiFunction<Prompt, String> score) {
    if (n > 1 && options.isGreedy()) {
      throw new IllegalArgumentException(
          "options are greedy, so that all "
              + n
              + " samples are one; allowed: temperature above 0");
    }
    List<SaferReference> candidates = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      candidates.add(new OtherModel(model, options.withSeed(options.seed() + i)));
    }
    return new BestOf(candidates, score);
  }

  /**
   * Any function from a prompt to a complete answer. Where it has none, as for a prompt that a
   * remote model refuses as such, it throws {@link IllegalArgumentException}.
   */
  static SaferReference answering(Function<Prompt, String> function) {
    Objects.requireNonNull(function, "function");
    return new Answering(prompt -> Answer.of(function.apply(prompt)));
  }
}
