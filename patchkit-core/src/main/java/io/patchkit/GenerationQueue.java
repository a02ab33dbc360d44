package io.patchkit;

import java.util.concurrent.CompletableFuture;

/**
 * Requests of many callers, decoded together: one thread feeds a batch, requests join it when their
 * turn comes and leave it when they end (continuous batching). Thread-safe.
 *
 * <p>A queue's own patches are those that it was opened with, for as long as it is open. Where they
 * change meanwhile, as those that a store has active do, each request names its own: {@code
 * request.withPatches(live.model(userId).patches())} with {@code io.patchkit.release.LivePatches}.
 */
public interface GenerationQueue extends AutoCloseable {

  /**
   * Asks for a generation.
   *
   * <p>The request goes through its own patches, or through those of the queue where it names none.
   * Its time limit counts from now, waiting included. What has to be done before the prompt can be
   * fed is done in the calling thread, so that running requests do not wait for it: rendering,
   * tokenizing, and encoding the patches where the model does not have them encoded, which takes as
   * long as feeding a prompt of their length. A queue that is closed or full does none of it. An
   * interrupt of a thread that waits for the future ends its waiting, not the request.
   *
   * @return completes with the generation, or exceptionally as {@link
   *     LanguageModel#generate(Prompt, GenerationOptions)} would throw, in the thread that decodes
   *     for all: dependents that take long belong in another ({@code thenApplyAsync}). Completing
   *     it from outside, as {@code cancel} and {@code orTimeout} do, ends the request within one
   *     token.
   * @throws QueueFullException if as many requests wait as may
   * @throws IllegalArgumentException if the prompt is not valid
   * @throws ContextOverflowException if the request does not fit in the context
   * @throws IncompatiblePatchException if the patch was made for another model
   * @throws IllegalStateException after {@link #close()}, and after the model's
   * @throws EngineException after the queue's thread has failed
   */
  CompletableFuture<Generation> submit(GenerationRequest request);

  /** Requests that wait for a place in the batch. */
  int waiting();

  /**
   * Ends all requests, waiting and running ones, with {@link FinishReason#CANCELLED}. Returns when
   * the thread has ended, or at once where it is called in that thread. Idempotent.
   */
  @Override
  void close();
}
