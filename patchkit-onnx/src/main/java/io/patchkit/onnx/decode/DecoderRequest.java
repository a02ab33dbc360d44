package io.patchkit.onnx.decode;

import io.patchkit.GenerationOptions;
import io.patchkit.PatchStack;

/** What to generate: a prompt in tokens, through which patches, and how. */
public final class DecoderRequest {

  private final PatchStack stack;
  private final int[] prompt;
  private final GenerationOptions options;
  private final boolean beginsText;

  /**
   * @param prompt ids of the vocabulary, at least one; not changed afterwards
   * @param beginsText whether what is generated is a text of its own, as a turn of a chat is; else
   *     it continues that of the prompt
   */
  public DecoderRequest(
      PatchStack stack, int[] prompt, GenerationOptions options, boolean beginsText) {
    this.stack = stack;
    this.prompt = prompt;
    this.options = options;
    this.beginsText = beginsText;
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

  boolean beginsText() {
    return beginsText;
  }
}
