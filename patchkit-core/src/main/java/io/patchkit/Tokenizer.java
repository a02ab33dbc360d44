package io.patchkit;

/**
 * Turns text into the token ids of one model and back. Thread-safe; owned by the model that
 * returned it and usable until that model is closed.
 */
public interface Tokenizer {

  /**
   * Splits text into tokens, never truncated and never padded.
   *
   * @param addSpecialTokens whether to add what the tokenizer itself puts around a text, such as a
   *     beginning-of-sequence token; false for text that a chat template has rendered
   * @return ids in 0 … {@link #vocabularySize()} − 1
   */
  int[] encode(String text, boolean addSpecialTokens);

  /**
   * Splits a text that follows another one, such as what a model said behind a prompt; no special
   * tokens are added. A tokenizer that puts a space before every text of its own accord, as those
   * after SentencePiece do, does not double the one that the text begins with.
   *
   * @return ids in 0 … {@link #vocabularySize()} − 1
   */
  default int[] encodeContinuation(String text) {
    return encode(text, false);
  }

  /** The text of these tokens; special tokens contribute nothing. */
  String decode(int[] tokens);

  /** How many ids there are, added tokens included. */
  int vocabularySize();

  /**
   * Lower-case hexadecimal SHA-256 of what the ids stand for: over {@code "<id> <bytes of the text>
   * <text>\n"} for each id, ascending, added tokens included. How texts are split is not part of
   * it, nor how the tokenizer's file is written, so that exports of one checkpoint agree.
   */
  String fingerprint();
}
