package io.patchkit.train;

import io.patchkit.ContinuationScore;
import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import io.patchkit.ModelShape;
import io.patchkit.PatchStack;
import io.patchkit.Prompt;
import io.patchkit.TokenStream;
import io.patchkit.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/** A language model whose answers are a function of prompt and options; it remembers both. */
final class FakeModel implements LanguageModel {

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
  @Override
  public ContinuationScore score(Prompt prompt, int[] continuation) {
    int first = ((Prompt.Text) prompt).text().charAt(0);
    List<Integer> tokens = new ArrayList<>();
    List<Double> logProbabilities = new ArrayList<>();
    for (int token : continuation) {
      tokens.add(token);
      logProbabilities.add(token == first ? -0.5 : -1);
    }
    return new ContinuationScore(tokens, logProbabilities);
  }

  @Override
  public Tokenizer tokenizer() {
    return new Tokenizer() {
      @Override
      public int[] encode(String text, boolean addSpecialTokens) {
        return text.chars().toArray();
      }

      @Override
      public String decode(int[] tokens) {
        return new String(tokens, 0, tokens.length);
      }

      @Override
      public int vocabularySize() {
        return 1 << 16;
      }

      @Override
      public String fingerprint() {
        return "0".repeat(64);
      }
    };
  }

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public ModelShape shape() {
    throw new UnsupportedOperationException();
  }

  @Override
  public String fingerprint() {
    throw new UnsupportedOperationException();
  }

  @Override
  public PatchStack patches() {
    throw new UnsupportedOperationException();
  }

  @Override
  public LanguageModel withPatches(PatchStack patches) {
    throw new UnsupportedOperationException();
  }

  @Override
  public TokenStream stream(Prompt prompt, GenerationOptions options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public float[] nextTokenLogits(Prompt prompt) {
    throw new UnsupportedOperationException();
  }

  @Override
  public float[] embeddings(int[] tokens) {
    throw new UnsupportedOperationException();
  }
}
