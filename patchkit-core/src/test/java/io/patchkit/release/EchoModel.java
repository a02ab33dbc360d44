package io.patchkit.release;

import io.patchkit.ContinuationScore;
import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import io.patchkit.ModelShape;
import io.patchkit.PatchStack;
import io.patchkit.Prompt;
import io.patchkit.TokenStream;
import io.patchkit.Tokenizer;

/** A model that has shapes and patches, and answers nothing. */
record EchoModel(ModelShape shape, PatchStack patches) implements LanguageModel {

  private static final ModelShape SHAPE = new ModelShape(8, 2, 2, 4, 100, 64, 1);

  static EchoModel tiny() {
    return new EchoModel(SHAPE, PatchStack.empty());
  }

  @Override
  public String name() {
    return "echo";
  }

  @Override
  public Tokenizer tokenizer() {
    throw new UnsupportedOperationException();
  }

  @Override
  public String fingerprint() {
    return "0".repeat(64);
  }

  @Override
  public LanguageModel withPatches(PatchStack stack) {
    stack.requireFits(this);
    return new EchoModel(shape, stack);
  }

  @Override
  public TokenStream stream(Prompt prompt, GenerationOptions options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ContinuationScore score(Prompt prompt, int[] continuation) {
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
