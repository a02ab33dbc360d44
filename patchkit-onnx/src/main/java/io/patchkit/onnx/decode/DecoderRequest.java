package io.patchkit.onnx.decode;

import io.patchkit.GenerationOptions;
import io.patchkit.PatchStack;

/** What to generate: a prompt in tokens, through which patches, and how. */
public final class DecoderRequest {

  private final PatchStack stack;
  private final int[] prompt;
  private final GenerationOptions options;

  /**
   * @param prompt ids of the vocabulary, at least one; not changed afterwards
   */
  public DecoderRequest(PatchStack stack, int[] prompt, GenerationOptions options) {
    this.stack = stack;
    this.prompt = prompt;
    this.options = options;
  }

  PatchStack stack() {
    return stack;
  }

  int[] prompt() {
    return prompt;
  }

  GenerationOptions options() {
    return options;
  }
}
