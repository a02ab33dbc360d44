package io.patchkit;

import java.util.Iterator;

/**
 * A generation that is watched while it happens. The pieces are whole characters: concatenated they
 * are exactly {@link Generation#text()}. Closing cancels the generation within one token.
 *
 * <p>A stream that is neither closed nor read to its end holds the memory of its keys and values
 * until the garbage collector finds it.
 *
 * <p>The tokens are computed by the thread that asks for the next piece. A stream serves one
 * thread; only {@link #close()} may be called from another.
 *
 * <pre>{@code
 * try (TokenStream stream = model.stream("Once upon a time")) {
 *   for (String piece : stream) {
 *     System.out.print(piece);
 *   }
 * }
 * }</pre>
 */
public interface TokenStream extends Iterable<String>, AutoCloseable {

  /**
   * The pieces of text in order, none empty. There is one iteration; every call returns the same
   * iterator.
   *
   * <p>Its methods throw {@link IllegalStateException} when the model is closed meanwhile and
   * {@link EngineException} when the engine fails.
   */
  @Override
  Iterator<String> iterator();

  /**
   * What was generated, once the iteration has ended or the stream is closed. After a close the
   * generation is what had been produced so far, with {@link FinishReason#CANCELLED}.
   *
   * @throws IllegalStateException while the generation is still going on
   */
  Generation generation();

  /** Cancels the generation if it has not ended and releases what it holds. Idempotent. */
  @Override
  void close();
}
