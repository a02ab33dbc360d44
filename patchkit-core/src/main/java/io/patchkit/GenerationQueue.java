package io.patchkit;

import java.util.concurrent.CompletableFuture;

/**
 * Requests of many callers, decoded together: one thread feeds a batch, requests join it when their
 * turn comes and leave it when they end (continuous batching). Thread-safe.
 */
public interface GenerationQueue extends AutoCloseable {

  /**
   * Asks for a generation.
   *
   * @return completes with the generation, or exceptionally as {@link
   *     LanguageModel#generate(Prompt, GenerationOptions)} would throw. Cancelling it ends the
   *     request within one token. The time limit of the request counts from now, waiting included.
   * @throws QueueFullException if as many requests wait as may
   * @throws IllegalArgumentException if the prompt is not valid
   * @throws ContextOverflowException if the request does not fit in the context
   * @throws IncompatiblePatchException if the patch was made for another model
   * @throws IllegalStateException after {@link #close()}, and after the model's
   */
  CompletableFuture<Generation> submit(GenerationRequest request);

  /** Requests that wait for a place in the batch. */
  int waiting();

  /**
   * Ends all requests, waiting and running ones, with {@link FinishReason#CANCELLED}. Returns when
   * the thread has ended. Idempotent.
   */
  @Override
  void close();
}
