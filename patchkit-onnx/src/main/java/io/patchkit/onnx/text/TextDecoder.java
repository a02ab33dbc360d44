package io.patchkit.onnx.text;

import java.util.Arrays;

/**
 * Incremental detokenisation: turns the tokens of one generation into text as they come, in whole
 * characters. Concatenated, the pieces are exactly {@link HuggingFaceTokenizer#decode(int[])} of
 * all the tokens; behind a text, what these tokens add to it.
 *
 * <p>Decoding is not a matter of single tokens: a character can be spread over several, and whether
 * a token begins with a space can depend on the one before it. So a window of the last tokens is
 * decoded, of which the part already returned is known. The window is bounded, hence the work for a
 * token is constant. Text is held back while it may still change: an incomplete UTF-8 sequence,
 * which shows as one U+FFFD at the end, and a run of byte tokens ({@code <0xF0>}), which the
 * decoder turns into characters or U+FFFD as a whole.
 *
 * <p>One per stream; not thread-safe.
 */
public final class TextDecoder {

  /** An incomplete UTF-8 sequence has at most three bytes; one more token gives the context. */
  private static final int CONTEXT = 4;

  private static final int MAX_WINDOW = 16;

  private final HuggingFaceTokenizer tokenizer;
  private final TokenizerDefinition definition;

  private int[] window = new int[MAX_WINDOW + 1];
  private int size;

  /** Characters at the start of the decoded window that have been returned. */
  private int returned;

  /** Decodes a text from its beginning. */
  public TextDecoder(HuggingFaceTokenizer tokenizer) {
    this(tokenizer, new int[0]);
  }

  /**
   * Decodes a text that goes on behind another. Decoders after SentencePiece take away the space
   * that a text begins with, which must stay between two words.
   *
   * @param before tokens of the text before; where there is none, or a special token is the last, a
   *     text of its own begins
   */
  public TextDecoder(HuggingFaceTokenizer tokenizer, int[] before) {
    this.tokenizer = tokenizer;
    this.definition = tokenizer.definition();
    for (int i = before.length - 1; i >= 0 && definition.isTextual(before[i]); i--) {
      // Whole characters of its own: what is part of one could become another with what follows.
      if (!definition.isByte(before[i])) {
        window[0] = before[i];
        size = 1;
        String text = decodeWindow();
        if (!text.endsWith("\uFFFD")) {
          returned = text.length();
          return;
        }
        size = 0;
      }
    }
  }

  /**
   * The text that this token completes, empty if it completes no character.
   *
   * @param token an id ≥ 0; special tokens and ids above the vocabulary contribute nothing
   */
  public String push(int token) {
    if (token < 0) {
      throw new IllegalArgumentException(
          "token is " + token + "; expected an id of the vocabulary, 0 or more");
    }
    if (!definition.isTextual(token)) {
      return "";
    }
    if (size == window.length) {
      window = Arrays.copyOf(window, 2 * size);
    }
    window[size++] = token;
    if (definition.isByte(token)) {
      return "";
    }
    String text = decodeWindow();
    int end = text.endsWith("\uFFFD") ? text.length() - 1 : text.length();
    String piece = advance(text, end);
    if (size > MAX_WINDOW) {
      shrink(text.length() - end);
    }
    return piece;
  }

  /** The text still held back; call once, after the last token. */
  public String finish() {
    String text = decodeWindow();
    return advance(text, text.length());
  }

  private String advance(String text, int end) {
    if (end <= returned) {
      return "";
    }
    String piece = text.substring(returned, end);
    returned = end;
    return piece;
  }

  private void shrink(int heldBack) {
    System.arraycopy(window, size - CONTEXT, window, 0, CONTEXT);
    size = CONTEXT;
    returned = decodeWindow().length() - heldBack;
  }

  private String decodeWindow() {
    return tokenizer.decode(Arrays.copyOf(window, size));
  }
}
