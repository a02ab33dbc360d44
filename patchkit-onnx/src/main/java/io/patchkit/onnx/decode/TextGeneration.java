package io.patchkit.onnx.decode;

import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import io.patchkit.onnx.text.StopStrings;
import io.patchkit.onnx.text.TextDecoder;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One request from its logits on: logits → token → text → what may be shown → the end. It does not
 * know who computes the logits. Used by one thread at a time.
 */
final class TextGeneration {

  /**
   * How to generate.
   *
   * @param stopTokens ids that end the generation
   * @param prefixTokens virtual tokens in front of the prompt
   * @param beginsText whether the text is one of its own, not the prompt's continued
   */
  record Request(
      GenerationOptions options,
      Set<Integer> stopTokens,
      int prefixTokens,
      int vocabularySize,
      boolean beginsText) {}

  private final int[] prompt;
  private final Request request;
  private final TextDecoder decoder;
  private final LongSupplier nanoTime;
  private final StopStrings stops;
  private final List<Integer> tokens = new ArrayList<>();
  private final List<Double> logProbabilities = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();

  /** Null once the generation has ended: it holds numbers for the whole vocabulary. */
  private @Nullable TokenSampler sampler;

  /** Null while the clock is held. */
  private @Nullable Long started;

  private @Nullable String piece;
  private @Nullable Duration timeToFirstToken;
  private @Nullable Generation generation;

  /**
   * The clock of the request starts here, unless it is held; see {@link #holdClock}.
   *
   * @param prompt ids of the vocabulary, at least one
   * @param nanoTime the clock, as {@link System#nanoTime}
   */
  TextGeneration(
      int[] prompt, Request request, HuggingFaceTokenizer tokenizer, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.started = nanoTime.getAsLong();
    this.prompt = prompt;
    this.request = request;
    this.sampler = new TokenSampler(request.options(), prompt);
    this.decoder = new TextDecoder(tokenizer, request.beginsText() ? new int[0] : prompt);
    this.stops = new StopStrings(request.options().stopStrings());
  }

  int[] prompt() {
    return prompt;
  }

  /** Stops the clock at zero, for a request whose time does not count before its start. */
  void holdClock() {
    started = null;
  }

  /** Starts the clock if it is held. */
  void startClock() {
    if (started == null) {
      started = nanoTime.getAsLong();
    }
  }

  /** The token that the next pass is fed; there is one after the first {@link #accept}. */
  int lastToken() {
    return tokens.get(tokens.size() - 1);
  }

  /**
   * Chooses the next token and ends the generation where that is due.
   *
   * @param logits [vocabulary]
   */
  void accept(FloatBuffer logits) {
    int token =
        Objects.requireNonNull(sampler, "the generation has ended")
            .sample(logits, request.vocabularySize());
    if (timeToFirstToken == null) {
      timeToFirstToken = elapsed();
    }
    if (request.stopTokens().contains(token)) {
      finishWhole(FinishReason.STOP_TOKEN);
      return;
    }
    tokens.add(token);
    if (request.options().logProbabilities()) {
      logProbabilities.add(LogSoftmax.at(logits, 0, request.vocabularySize(), token));
    }
    show(stops.push(decoder.push(token)));
    if (stops.isStopped()) {
      finish(FinishReason.STOP_STRING);
    } else if (tokens.size() == request.options().maxNewTokens()) {
      finishWhole(FinishReason.MAX_NEW_TOKENS);
    } else {
      endIfOverTime();
    }
  }

  /** Ends the generation if its time is over, with the text that was held back. */
  void endIfOverTime() {
    if (isOverTime()) {
      finishWhole(FinishReason.TIME_LIMIT);
    }
  }

  boolean isOverTime() {
    Duration limit = request.options().timeLimit();
    return limit != null && elapsed().compareTo(limit) >= 0;
  }

  /** Text to show that was not taken yet, null for none. */
  @Nullable String piece() {
    return piece;
  }

  /** Takes the text to show. */
  @Nullable String takePiece() {
    String taken = piece;
    piece = null;
    return taken;
  }

  /** Ends with the text that was held back, which a stop string may be in. */
  private void finishWhole(FinishReason reason) {
    flush();
    finish(stops.isStopped() ? FinishReason.STOP_STRING : reason);
  }

  /** Ends the generation now, with the text that has been shown. */
  void finish(FinishReason reason) {
    sampler = null;
    Duration total = elapsed();
    generation =
        new Generation(
            text.toString(),
            tokens,
            logProbabilities,
            reason,
            request.prefixTokens(),
            prompt.length,
            timeToFirstToken == null ? total : timeToFirstToken,
            total);
  }

  /** What was generated, null while it goes on. */
  @Nullable Generation generation() {
    return generation;
  }

  /** Shows what was held back because it could have become part of a character or a stop string. */
  private void flush() {
    if (tokens.isEmpty()) {
      return;
    }
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

  private Duration elapsed() {
    return started == null ? Duration.ZERO : Duration.ofNanos(nanoTime.getAsLong() - started);
  }
}
