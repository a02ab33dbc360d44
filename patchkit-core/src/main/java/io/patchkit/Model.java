package io.patchkit;

/**
 * A language model that owns its weights. Whoever opens it closes it; its views end with it.
 *
 * <p>{@link #close()} is idempotent and may be called while requests run: each of them ends within
 * one token with an {@link IllegalStateException}, and the native memory is released after the last
 * one has left the engine.
 */
public interface Model extends LanguageModel, AutoCloseable {

  /** What this model has done since it was opened. */
  ModelMetrics metrics();

  /** Ends all requests and releases the weights. Idempotent. */
  @Override
  void close();
}
