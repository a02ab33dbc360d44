package io.patchkit.onnx.decode;

import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/** Tokens on their way into a state, a piece at a time. Used by one thread at a time. */
final class PromptFeed {

  private final DecodeState state;
  private final int[] tokens;
  private final @Nullable SharedPrompt beginning;
  private int fed;

  /**
   * @param state what the tokens are fed to; whoever takes it closes it
   * @param tokens at least one
   * @param beginning what the tokens complete, null for a whole prompt
   */
  PromptFeed(DecodeState state, int[] tokens, @Nullable SharedPrompt beginning) {
    this.state = state;
    this.tokens = tokens;
    this.beginning = beginning;
  }

  /**
   * Feeds the next tokens in one pass.
   *
   * @param most how many, at least one; a pass may take fewer
   * @return the logits of what follows, valid until the next call; null if the pass was ended
   */
  @Nullable FloatBuffer advance(int most, Cancellation cancellation) {
    int count = Math.min(Math.min(most, state.chunk()), left());
    FloatBuffer logits = state.next(tokens, fed, count, cancellation);
    fed += count;
    return logits;
  }

  /** Tokens that are still to be fed. */
  int left() {
    return tokens.length - fed;
  }

  DecodeState state() {
    return state;
  }

  @Nullable SharedPrompt beginning() {
    return beginning;
  }
}
