package io.patchkit.onnx.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class TextDecoderTest {

  @TempDir Path folder;

  /** The law, on text as models write it and on any tokens at all. */
  @Test
  void piecesAreTheWholeText() throws Exception {
    Random random = new Random(7);
    for (ObjectNode definition : TokenizerFixtures.all()) {
      try (HuggingFaceTokenizer tokenizer = TokenizerFixtures.open(folder, definition)) {
        for (int round = 0; round < 400; round++) {
          requireLaw(tokenizer, tokenizer.encode(randomText(random), round % 2 == 0));
          requireLaw(
              tokenizer,
              random.ints(random.nextInt(60), 0, tokenizer.vocabularySize() + 5).toArray());
        }
      }
    }
  }

  /** Tokens that are bytes of the upper half: hardly any of it is UTF-8. */
  @Test
  void piecesAreTheWholeTextOfBrokenBytes() throws Exception {
    Random random = new Random(8);
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      for (int round = 0; round < 2000; round++) {
        requireLaw(tokenizer, random.ints(random.nextInt(60), 0x80, 0x100).toArray());
      }
    }
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteFallback(true))) {
      for (int round = 0; round < 2000; round++) {
        // Bytes, and a letter now and then.
        requireLaw(tokenizer, random.ints(random.nextInt(60), 0x80 + 3, 262).toArray());
      }
    }
  }

  /** The law behind a text: what a token means can depend on the word before it. */
  @Test
  void piecesAreWhatTheTokensAddToTheTextBefore() throws Exception {
    Random random = new Random(9);
    for (ObjectNode definition : TokenizerFixtures.all()) {
      try (HuggingFaceTokenizer tokenizer = TokenizerFixtures.open(folder, definition)) {
        for (int round = 0; round < 400; round++) {
          int[] before = tokenizer.encode(randomText(random) + "ab", true);
          int[] tokens =
              round % 2 == 0
                  ? tokenizer.encode(randomText(random), false)
                  : random.ints(random.nextInt(60), 0, tokenizer.vocabularySize() + 5).toArray();
          int[] all = Arrays.copyOf(before, before.length + tokens.length);
          System.arraycopy(tokens, 0, all, before.length, tokens.length);
          assertThat(pieces(new TextDecoder(tokenizer, before), tokens))
              .isEqualTo(tokenizer.decode(all).substring(tokenizer.decode(before).length()));
        }
      }
    }
  }

  /**
   * A word goes on behind characters that are written as bytes; behind a special token it begins.
   */
  @Test
  void looksForTheTextBefore() throws Exception {
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteFallback(true))) {
      int[] word = tokenizer.encode("ab", false);
      assertThat(pieces(new TextDecoder(tokenizer, tokenizer.encode("ab😀", true)), word))
          .isEqualTo(" ab");
      assertThat(pieces(new TextDecoder(tokenizer, new int[] {1}), word)).isEqualTo("ab");
      int[] special = tokenizer.encode("ab</s>", true);
      assertThat(special).endsWith(2);
      assertThat(pieces(new TextDecoder(tokenizer, special), word)).isEqualTo("ab");
    }
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      // The first byte of a character does not swallow what follows, which begins with its second.
      assertThat(pieces(new TextDecoder(tokenizer, new int[] {'a', 0xC3}), new int[] {0xA9, 'b'}))
          .isEqualTo("\uFFFDb");
    }
  }

  @Test
  void neverBreaksACharacter() throws Exception {
    // Four-byte, joined, combined and three-byte characters.
    String text = "a😀b👩‍🚀é漢字🏳️‍🌈.";
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      TextDecoder decoder = new TextDecoder(tokenizer);
      List<String> pieces = new ArrayList<>();
      for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
        String piece = decoder.push(b & 0xFF);
        if (!piece.isEmpty()) {
          pieces.add(piece);
        }
      }
      // One piece per code point, as soon as its last byte is there.
      assertThat(pieces)
          .containsExactlyElementsOf(text.codePoints().mapToObj(Character::toString).toList());
      assertThat(decoder.finish()).isEmpty();
    }
  }

  @Test
  void skipsSpecialTokensAndShowsOrdinaryAddedOnes() throws Exception {
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      TextDecoder decoder = new TextDecoder(tokenizer);
      assertThat(decoder.push(259)).isEmpty();
      assertThat(decoder.push(257)).isEqualTo("the");
      assertThat(decoder.push(261)).isEqualTo("<think>");
      assertThat(decoder.push(0xC3)).isEmpty();
      assertThat(decoder.push(260)).isEmpty();
      assertThat(decoder.push(0xA9)).isEqualTo("é");
      assertThat(decoder.push(1_000_000)).isEmpty();
      assertThat(decoder.finish()).isEmpty();
    }
  }

  @Test
  void givesBackAnIncompleteEnd() throws Exception {
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      TextDecoder decoder = new TextDecoder(tokenizer);
      assertThat(decoder.push('a') + decoder.push(0xF0) + decoder.push(0x9F)).isEqualTo("a");
      assertThat(decoder.finish()).isEqualTo("\uFFFD");
    }
  }

  @Test
  void keepsTheSpacesBetweenPieces() throws Exception {
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteFallback(true))) {
      TextDecoder decoder = new TextDecoder(tokenizer);
      List<String> pieces = new ArrayList<>();
      for (int token : tokenizer.encode("ab ab  c", false)) {
        pieces.add(decoder.push(token));
      }
      assertThat(pieces).containsExactly("ab", " ab", "  ", "c");
    }
  }

  /** Work quadratic in the tokens would take many minutes. */
  @Test
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void workIsLinearEvenIfNoCharacterIsEverCompleted() throws Exception {
    for (ObjectNode definition :
        List.of(TokenizerFixtures.byteLevel(), TokenizerFixtures.byteFallback(true))) {
      try (HuggingFaceTokenizer tokenizer = TokenizerFixtures.open(folder, definition)) {
        TextDecoder decoder = new TextDecoder(tokenizer);
        int length = 0;
        for (int i = 0; i < 200_000; i++) {
          length += decoder.push(0x80 + 3).length();
        }
        assertThat(length + decoder.finish().length()).isEqualTo(200_000);
      }
    }
  }

  @Test
  void refusesNegativeIds() throws Exception {
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      assertThatIllegalArgumentException().isThrownBy(() -> new TextDecoder(tokenizer).push(-1));
    }
  }

  private static void requireLaw(HuggingFaceTokenizer tokenizer, int[] tokens) {
    assertThat(pieces(new TextDecoder(tokenizer), tokens)).isEqualTo(tokenizer.decode(tokens));
  }

  private static String pieces(TextDecoder decoder, int[] tokens) {
    StringBuilder text = new StringBuilder();
    for (int token : tokens) {
      String piece = decoder.push(token);
      assertThat(piece.isEmpty() || !Character.isLowSurrogate(piece.charAt(0))).isTrue();
      text.append(piece);
    }
    return text.append(decoder.finish()).toString();
  }

  private static String randomText(Random random) {
    String[] parts = {
      "a", "ab", "c", " ", "  ", " the", "é", "😀", "👩‍🚀", "漢", "\uFFFD", "x", "\n", "<think>"
    };
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(40); i > 0; i--) {
      text.append(parts[random.nextInt(parts.length)]);
    }
    return text.toString();
  }
}
