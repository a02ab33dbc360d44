package io.patchkit.onnx;

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
import io.patchkit.onnx.decode.DecoderRequest;
import java.util.List;
import java.util.Objects;

/** A loaded model seen through a stack of patches; the owner sees it through none. */
class OnnxLanguageModel implements LanguageModel {

  private final LoadedModel loaded;
  private final PatchStack patches;

  OnnxLanguageModel(LoadedModel loaded, PatchStack patches) {
    this.loaded = loaded;
    this.patches = patches;
  }

  LoadedModel loaded() {
    return loaded;
  }

  @Override
  public final String name() {
    return loaded.name();
  }

  @Override
  public final ModelShape shape() {
    return loaded.shape();
  }

  @Override
  public final Tokenizer tokenizer() {
    return loaded.tokenizer();
  }

  @Override
  public final int countTokens(Prompt prompt) {
    return loaded.tokens(prompt).length;
  }

  @Override
  public final String fingerprint() {
    return loaded.fingerprint();
  }

  @Override
  public final PatchStack patches() {
    return patches;
  }

  @Override
  public final LanguageModel withPatches(PatchStack stack) {
    return through(stack);
  }

  final OnnxLanguageModel through(PatchStack stack) {
    Objects.requireNonNull(stack, "patches");
    stack.requireFits(this);
    loaded.engine().encode(stack);
    return new OnnxLanguageModel(loaded, stack);
  }

  @Override
  public final TokenStream stream(Prompt prompt, GenerationOptions options) {
    return loaded.engine().stream(row(patches, prompt, options));
  }

  @Override
  public final List<Generation> generateAll(List<GenerationRequest> requests) {
    return loaded.engine().generateAll(requests, this::row);
  }

  final DecoderRequest row(GenerationRequest request) {
    PatchStack stack = request.patches();
    if (stack == null) {
      stack = patches;
    } else {
      stack.requireFits(this);
    }
    return row(stack, request.prompt(), request.options());
  }

  private DecoderRequest row(PatchStack stack, Prompt prompt, GenerationOptions options) {
    boolean beginsText = prompt instanceof Prompt.Chat chat && !chat.isContinuing();
    return new DecoderRequest(stack, loaded.tokens(prompt), options, beginsText);
  }

  @Override
  public final ContinuationScore score(Prompt prompt, int[] continuation) {
    return loaded.engine().score(patches, loaded.tokens(prompt), continuation);
  }

  @Override
  public final float[] nextTokenLogits(Prompt prompt) {
    return loaded.engine().nextTokenLogits(patches, loaded.tokens(prompt));
  }

  @Override
  public final float[] embeddings(int[] tokens) {
    return loaded.engine().embeddings(tokens);
  }

  @Override
  public String toString() {
    return name() + (patches.isEmpty() ? "" : " with " + patches);
  }
}
