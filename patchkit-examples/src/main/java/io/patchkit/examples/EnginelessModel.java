package io.patchkit.examples;

import io.patchkit.ContinuationScore;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationRequest;
import io.patchkit.LanguageModel;
import io.patchkit.ModelShape;
import io.patchkit.PatchStack;
import io.patchkit.Prompt;
import io.patchkit.TokenStream;
import io.patchkit.Tokenizer;
import java.util.List;

/**
 * A model that takes patches of its shape and computes nothing: what is measured through it is
 * everything but the engine.
 *
 * @param shape the sizes that patches have to fit
 * @param patches those of this view
 */
record EnginelessModel(ModelShape shape, PatchStack patches) implements LanguageModel {

  @Override
  public String name() {
    return "engineless";
  }

  @Override
  public String fingerprint() {
    return "0".repeat(64);
  }

  @Override
  public LanguageModel withPatches(PatchStack stack) {
    stack.requireFits(this);
    return new EnginelessModel(shape, stack);
  }

  @Override
  public Tokenizer tokenizer() {
    throw computesNothing();
  }

  @Override
  public int countTokens(Prompt prompt) {
    throw computesNothing();
  }

  @Override
  public TokenStream stream(Prompt prompt, GenerationOptions options) {
    throw computesNothing();
  }

  @Override
  public List<Generation> generateAll(List<GenerationRequest> requests) {
    throw computesNothing();
  }

  @Override
  public ContinuationScore score(Prompt prompt, int[] continuation) {
    throw computesNothing();
  }

  @Override
  public float[] nextTokenLogits(Prompt prompt) {
    throw computesNothing();
  }

  @Override
  public float[] embeddings(int[] tokens) {
    throw computesNothing();
  }

  private static UnsupportedOperationException computesNothing() {
    return new UnsupportedOperationException("a model without an engine computes nothing");
  }
}
