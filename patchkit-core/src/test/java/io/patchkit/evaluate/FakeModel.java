package io.patchkit.evaluate;

import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.PatchStack;
import io.patchkit.Prompt;
import io.patchkit.StubModel;
import io.patchkit.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A model that is a few functions. A token is a character; the likelihood of a continuation is a
 * function of the prompt and the character.
 */
final class FakeModel extends StubModel {

  /** Texts of the requests that were answered, in order. */
  final List<String> asked = new ArrayList<>();

  private final String name;
  private final BiFunction<String, GenerationOptions, String> answer;
  private String begin = "";
  private PatchStack patches = PatchStack.empty();
  private BiFunction<String, Character, Double> logProbability = (prompt, c) -> -1.0;
  private Function<String, float[]> logits = prompt -> new float[256];

  FakeModel(String name, BiFunction<String, GenerationOptions, String> answer) {
    this.name = name;
    this.answer = answer;
  }

  static FakeModel saying(String name, String answer) {
    return new FakeModel(name, (prompt, options) -> answer);
  }

  FakeModel through(PatchStack stack) {
    patches = stack;
    return this;
  }

  FakeModel scoring(BiFunction<String, Character, Double> function) {
    logProbability = function;
    return this;
  }

  FakeModel nextTokens(Function<String, float[]> function) {
    logits = function;
    return this;
  }

  /** With a tokenizer that puts a character before every text. */
  FakeModel beginning(char first) {
    begin = Character.toString(first);
    return this;
  }

  static String text(Prompt prompt) {
    if (prompt instanceof Prompt.Text text) {
      return text.text();
    }
    if (prompt instanceof Prompt.Tokens tokens) {
      return new String(tokens.ids(), 0, tokens.ids().length);
    }
    StringBuilder joined = new StringBuilder();
    ((Prompt.Chat) prompt).messages().forEach(message -> joined.append(message.content()));
    return joined.toString();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String fingerprint() {
    return name;
  }

  @Override
  public Tokenizer tokenizer() {
    Tokenizer characters = super.tokenizer();
    return new Tokenizer() {
      @Override
      public int[] encode(String text, boolean addSpecialTokens) {
        return characters.encode(addSpecialTokens ? begin + text : text, false);
      }

      @Override
      public String decode(int[] tokens) {
        return characters.decode(tokens);
      }

      @Override
      public int vocabularySize() {
        return characters.vocabularySize();
      }

      @Override
      public String fingerprint() {
        return characters.fingerprint();
      }
    };
  }

  @Override
  public PatchStack patches() {
    return patches;
  }

  /** Ends with nothing under an interrupt, as a row of {@link #generateAll} does. */
  @Override
  public Generation generate(Prompt prompt, GenerationOptions options) {
    if (Thread.currentThread().isInterrupted()) {
      return new Generation(
          "", List.of(), FinishReason.CANCELLED, 0, 1, Duration.ZERO, Duration.ZERO);
    }
    asked.add(text(prompt));
    String text = answer.apply(text(prompt), options);
    return new Generation(
        text,
        text.chars().boxed().toList(),
        text.length() < options.maxNewTokens()
            ? FinishReason.STOP_TOKEN
            : FinishReason.MAX_NEW_TOKENS,
        0,
        text(prompt).length(),
        Duration.ofMillis(10),
        Duration.ofMillis(10 + 2L * Math.max(0, text.length() - 1)));
  }

  @Override
  protected double logProbability(Prompt prompt, int token) {
    return logProbability.apply(text(prompt), (char) token);
  }

  @Override
  public float[] nextTokenLogits(Prompt prompt) {
    return logits.apply(text(prompt));
  }
}
