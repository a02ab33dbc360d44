package io.patchkit;

import java.util.List;

/**
 * A frozen language model seen through a stack of patches, possibly none. Thread-safe: any number
 * of requests may run at once, and none of them leaves anything behind.
 *
 * <p>A view made by {@link #withPatches} is cheap, shares the weights, and needs no closing; it
 * ends with the {@link Model} that owns the weights. After that model is closed, whatever computes,
 * encodes or tokenizes throws {@link IllegalStateException}; {@link #name}, {@link #shape}, {@link
 * #tokenizer}, {@link #fingerprint} and {@link #patches} go on answering.
 */
public interface LanguageModel {

  /** The model's name, for people. */
  String name();

  /** The sizes that a patch has to fit. */
  ModelShape shape();

  /** The model's own tokenizer. */
  Tokenizer tokenizer();

  /**
   * How many tokens a prompt is, a chat as its template renders it: {@link
   * Generation#promptTokens()}, without a pass over the model. Virtual tokens of patches are not
   * among them. A request fits the context if
   *
   * <pre>{@code
   * model.patches().prefixLength() + model.countTokens(prompt) + options.maxNewTokens()
   *     <= model.shape().contextLength()
   * }</pre>
   *
   * @throws IllegalArgumentException if the prompt has no tokens and the model has no
   *     beginning-of-sequence token, or is a chat that the model's template refuses
   */
  int countTokens(Prompt prompt);

  /**
   * Lower-case hexadecimal SHA-256 over the model's graph and weights. Computed on first use by
   * reading all of them, then remembered.
   */
  String fingerprint();

  /** The patches this view looks through, outermost position first. */
  PatchStack patches();

  /**
   * The same base model through exactly these patches; the receiver and other views are unchanged
   * and the receiver's own patches are not inherited.
   *
   * <p>Cheap once the model knows the stack. The first view through a stack runs the model over its
   * virtual tokens; the first through a patch that names the fingerprints of its base also reads
   * all of the model's files, once.
   *
   * @throws IncompatiblePatchException if a patch was made for another model, tokenizer or shape
   * @throws EngineException if the engine fails to encode the stack
   */
  LanguageModel withPatches(PatchStack patches);

  /** Like {@link #withPatches} for a stack of one. */
  default LanguageModel withPatch(Patch patch) {
    return withPatches(PatchStack.of(patch));
  }

  /**
   * Starts to generate what follows the prompt.
   *
   * <p>An interrupt of the thread neither ends the generation nor is it cleared: bound the time
   * with {@link GenerationOptions#timeLimit}, or close the stream, also from another thread.
   *
   * @throws IllegalArgumentException if the prompt has no tokens and the model has no
   *     beginning-of-sequence token, names ids beyond the vocabulary, or is a chat that the model's
   *     template refuses
   * @throws ContextOverflowException if prefix, prompt and {@code maxNewTokens} exceed the context
   * @throws UnsupportedModelException if the prompt is a chat and the model has no chat template,
   *     or one that is not supported
   * @throws CorruptModelException if the prompt is a chat and the model's template cannot be read
   * @throws EngineException if the engine fails; from {@code stream} itself where it computes, else
   *     from the stream's iterator
   */
  TokenStream stream(Prompt prompt, GenerationOptions options);

  /** Like {@link #stream(Prompt, GenerationOptions)} for a text, with default options. */
  default TokenStream stream(String text) {
    return stream(Prompt.text(text), GenerationOptions.defaults());
  }

  /** Like {@link #stream(Prompt, GenerationOptions)} for a text. */
  default TokenStream stream(String text, GenerationOptions options) {
    return stream(Prompt.text(text), options);
  }

  /**
   * Generates to the end, under an interrupt of the thread too; see {@link #stream(Prompt,
   * GenerationOptions)} for errors and for what ends it early.
   */
  default Generation generate(Prompt prompt, GenerationOptions options) {
    try (TokenStream stream = stream(prompt, options)) {
      stream.iterator().forEachRemaining(piece -> {});
      return stream.generation();
    }
  }

  /** Continues a text with default options. */
  default Generation generate(String text) {
    return generate(Prompt.text(text), GenerationOptions.defaults());
  }

  /** Continues a text. */
  default Generation generate(String text, GenerationOptions options) {
    return generate(Prompt.text(text), options);
  }

  /** Speaks the next turn of a conversation with default options. */
  default Generation chat(List<ChatMessage> messages) {
    return generate(Prompt.chat(messages), GenerationOptions.defaults());
  }

  /** Speaks the next turn of a conversation. */
  default Generation chat(List<ChatMessage> messages, GenerationOptions options) {
    return generate(Prompt.chat(messages), options);
  }

  /**
   * Generates for many requests, each with its own prompt, options and patches; the texts are those
   * that one request after the other would give. An engine may run them together: faster than one
   * by one, and the rows take turns for a place in the batch. Where its kernels round a row of a
   * batch otherwise than alone, a text may part from the one that it would be alone, where two
   * tokens are all but equally likely.
   *
   * <p>All requests are checked before the first one starts: nothing is generated when one of them
   * is not valid. An interrupt of the calling thread ends what has not ended with {@link
   * FinishReason#CANCELLED} and stays set.
   *
   * @return one generation a request, in the order of the requests
   * @throws IllegalArgumentException as {@link #stream(Prompt, GenerationOptions)}; the message
   *     begins with {@code "request i: "}, i from 0
   * @throws ContextOverflowException if a request does not fit in the context; the message begins
   *     alike
   * @throws IncompatiblePatchException if a request's patch was made for another model; the message
   *     begins alike
   * @throws UnsupportedModelException if a request is a chat and the model has no usable chat
   *     template; the message begins alike
   * @throws EngineException if the engine fails
   */
  List<Generation> generateAll(List<GenerationRequest> requests);

  /**
   * How likely the model finds these tokens after the prompt.
   *
   * @param continuation ids of the model's vocabulary, at least one
   * @throws IllegalArgumentException if the continuation is empty or names ids beyond the
   *     vocabulary, or for a prompt that {@link #stream(Prompt, GenerationOptions)} refuses
   * @throws ContextOverflowException if prefix, prompt and continuation exceed the context
   * @throws EngineException if a log-probability is not a number, or the engine fails
   */
  ContinuationScore score(Prompt prompt, int[] continuation);

  /**
   * How likely the model finds a text after the prompt. Prompt and continuation are tokenized
   * apart, the continuation by {@link Tokenizer#encodeContinuation}.
   */
  default ContinuationScore score(String prompt, String continuation) {
    return score(Prompt.text(prompt), tokenizer().encodeContinuation(continuation));
  }

  /**
   * The logits of the token after the prompt, [vocabularySize], newly made.
   *
   * @throws IllegalArgumentException for a prompt that {@link #stream(Prompt, GenerationOptions)}
   *     refuses
   * @throws ContextOverflowException if prefix and prompt exceed the context
   * @throws EngineException if one is not a number, or the largest is infinite, or the engine fails
   */
  float[] nextTokenLogits(Prompt prompt);

  /** Like {@link #nextTokenLogits(Prompt)} for a text. */
  default float[] nextTokenLogits(String prompt) {
    return nextTokenLogits(Prompt.text(prompt));
  }

  /**
   * The embeddings of tokens as the first layer receives them, row-major [tokens, hiddenSize]:
   * {@link EmbeddingSpace#LAYER_INPUT}. They do not depend on the patches.
   *
   * @throws IllegalArgumentException if one is beyond the vocabulary
   */
  float[] embeddings(int[] tokens);
}
