package io.patchkit.onnx.decode;

import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.TokenStream;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import io.patchkit.onnx.text.StopStrings;
import io.patchkit.onnx.text.TextDecoder;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The loop of one generation: logits → token → text → what may be shown. It runs in the thread that
 * asks for the next piece; a close from another thread waits for the pass that is running.
 */
final class GenerationStream implements TokenStream {

  /**
   * How to generate.
   *
   * @param stopTokens ids that end the generation
   * @param prefixTokens virtual tokens in front of the prompt
   */
  record Request(
      GenerationOptions options, Set<Integer> stopTokens, int prefixTokens, int vocabularySize) {}

  private final Supplier<DecodeState> opening;
  private final int[] prompt;
  private final Request request;
  private final TokenSampler sampler;
  private final TextDecoder decoder;
  private final StopStrings stops;
  private final List<Integer> tokens = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private final long started = System.nanoTime();

  private final Iterator<String> pieces =
      new Iterator<>() {
        @Override
        public boolean hasNext() {
          return awaitPiece() != null;
        }

        @Override
        public String next() {
          String next = takePiece();
          if (next == null) {
            throw new NoSuchElementException("the generation has ended; see generation()");
          }
          return next;
        }
      };

  private volatile boolean cancelled;
  private @Nullable DecodeState state;
  private @Nullable String piece;
  private @Nullable Duration timeToFirstToken;
  private @Nullable Generation generation;
  private @Nullable RuntimeException failure;

  /**
   * @param opening opens the state behind the prefix, when the first piece is asked for
   * @param prompt ids of the vocabulary, at least one
   */
  GenerationStream(
      Supplier<DecodeState> opening,
      int[] prompt,
      Request request,
      HuggingFaceTokenizer tokenizer) {
    this.opening = opening;
    this.prompt = prompt;
    this.request = request;
    this.sampler = new TokenSampler(request.options(), prompt);
    this.decoder = new TextDecoder(tokenizer);
    this.stops = new StopStrings(request.options().stopStrings());
  }

  @Override
  public Iterator<String> iterator() {
    return pieces;
  }

  /** Runs until there is text to show or the generation has ended. */
  private synchronized @Nullable String awaitPiece() {
    if (failure != null) {
      throw failure;
    }
    while (piece == null && generation == null) {
      try {
        step();
      } catch (RuntimeException e) {
        failure = e;
        release();
        throw e;
      }
    }
    return piece;
  }

  private synchronized @Nullable String takePiece() {
    String taken = awaitPiece();
    piece = null;
    return taken;
  }

  private void step() {
    FloatBuffer logits = logits();
    if (cancelled) {
      finish(FinishReason.CANCELLED);
      return;
    }
    int token = sampler.sample(logits, request.vocabularySize());
    if (timeToFirstToken == null) {
      timeToFirstToken = elapsed();
    }
    if (request.stopTokens().contains(token)) {
      flush();
      finish(FinishReason.STOP_TOKEN);
      return;
    }
    tokens.add(token);
    show(stops.push(decoder.push(token)));
    if (stops.isStopped()) {
      finish(FinishReason.STOP_STRING);
    } else if (tokens.size() == request.options().maxNewTokens()) {
      flush();
      finish(stops.isStopped() ? FinishReason.STOP_STRING : FinishReason.MAX_NEW_TOKENS);
    } else if (isOverTime()) {
      flush();
      finish(stops.isStopped() ? FinishReason.STOP_STRING : FinishReason.TIME_LIMIT);
    }
  }

  private FloatBuffer logits() {
    DecodeState current = state;
    if (current == null) {
      current = opening.get();
      state = current;
      return current.next(prompt, () -> cancelled);
    }
    return current.next(tokens.get(tokens.size() - 1));
  }

  private boolean isOverTime() {
    Duration limit = request.options().timeLimit();
    return limit != null && elapsed().compareTo(limit) >= 0;
  }

  /** Shows what was held back because it could have become part of a character or a stop string. */
  private void flush() {
    show(stops.push(decoder.finish()));
    if (!stops.isStopped()) {
      show(stops.finish());
    }
  }

  private void show(String shown) {
    if (!shown.isEmpty()) {
      text.append(shown);
      piece = piece == null ? shown : piece + shown;
    }
  }

  private void finish(FinishReason reason) {
    release();
    Duration total = elapsed();
    generation =
        new Generation(
            text.toString(),
            tokens,
            reason,
            request.prefixTokens(),
            prompt.length,
            timeToFirstToken == null ? total : timeToFirstToken,
            total);
  }

  private void release() {
    if (state != null) {
      state.close();
    }
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - started);
  }

  @Override
  public synchronized Generation generation() {
    if (generation == null) {
      throw new IllegalStateException(
          "the generation is still going on; iterate to its end or close the stream first");
    }
    return generation;
  }

  @Override
  public void close() {
    cancelled = true;
    synchronized (this) {
      if (generation == null) {
        finish(FinishReason.CANCELLED);
      }
    }
  }
}
