package io.patchkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * A model without an engine, for tests to override what they script: a token is a character, every
 * answer is empty, every continuation has log-probability −1 a token and all next tokens are alike.
 */
public abstract class StubModel implements LanguageModel {

  @Override
  public String name() {
    return "stub";
  }

  @Override
  public ModelShape shape() {
    return new ModelShape(4, 1, 1, 4, 256, 1024, 1);
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
        return shape().vocabularySize();
      }

      @Override
      public String fingerprint() {
        return "0".repeat(64);
      }
    };
  }

  /** One, as in what it generates. */
  @Override
  public int countTokens(Prompt prompt) {
    return 1;
  }

  @Override
  public String fingerprint() {
    return "0".repeat(64);
  }

  @Override
  public PatchStack patches() {
    return PatchStack.empty();
  }

  /** Answers as this one does. */
  @Override
  public LanguageModel withPatches(PatchStack stack) {
    stack.requireFits(this);
    StubModel unpatched = this;
    return new StubModel() {
      @Override
      public ModelShape shape() {
        return unpatched.shape();
      }

      @Override
      public PatchStack patches() {
        return stack;
      }

      @Override
      public Generation generate(Prompt prompt, GenerationOptions options) {
        return unpatched.generate(prompt, options);
      }
    };
  }

  @Override
  public Generation generate(Prompt prompt, GenerationOptions options) {
    return new Generation(
        "", List.of(), FinishReason.STOP_TOKEN, 0, 1, Duration.ZERO, Duration.ZERO);
  }

  /** One after the other, once all stacks are known to fit. */
  @Override
  public List<Generation> generateAll(List<GenerationRequest> requests) {
    List<LanguageModel> views = new ArrayList<>();
    for (GenerationRequest request : requests) {
      PatchStack stack = request.patches();
      views.add(stack == null ? this : withPatches(stack));
    }
    List<Generation> generations = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      GenerationRequest request = requests.get(i);
      generations.add(views.get(i).generate(request.prompt(), request.options()));
    }
    return generations;
  }

  /** The whole answer in one piece. */
  @Override
  public final TokenStream stream(Prompt prompt, GenerationOptions options) {
    Generation whole = generate(prompt, options);
    Iterator<String> pieces =
        (whole.text().isEmpty() ? List.<String>of() : List.of(whole.text())).iterator();
    return new TokenStream() {
      @Override
      public Iterator<String> iterator() {
        return pieces;
      }

      @Override
      public Generation generation() {
        return whole;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public ContinuationScore score(Prompt prompt, int[] continuation) {
    List<Integer> tokens = new ArrayList<>();
    List<Double> logProbabilities = new ArrayList<>();
    for (int token : continuation) {
      tokens.add(token);
      logProbabilities.add(logProbability(prompt, token));
    }
    return new ContinuationScore(tokens, logProbabilities);
  }

  /** How likely a token of a continuation is behind a prompt. */
  protected double logProbability(Prompt prompt, int token) {
    return -1;
  }

  @Override
  public float[] nextTokenLogits(Prompt prompt) {
    return new float[shape().vocabularySize()];
  }

  @Override
  public float[] embeddings(int[] tokens) {
    return new float[tokens.length * shape().hiddenSize()];
  }
}
