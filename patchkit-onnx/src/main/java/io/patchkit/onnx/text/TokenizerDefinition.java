package io.patchkit.onnx.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a {@code tokenizer.json} says about its ids, which the native library does not tell.
 *
 * <p>Read as a stream: a vocabulary of a quarter of a million tokens never becomes a tree.
 */
final class TokenizerDefinition {

  /**
   * The tokens of a vocabulary are names of fields: remembering them would take what a tree takes.
   */
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  /** A token that is one byte of a text. */
  private static final Pattern BYTE = Pattern.compile("<0x[0-9A-Fa-f]{2}>");

  /** Ids that mean a text, special tokens not among them. */
  private final BitSet textual = new BitSet();

  /** Ids of {@code <0x00>} … {@code <0xFF>}. */
  private final BitSet bytes = new BitSet();

  private final BitSet special = new BitSet();
  private final Map<String, Integer> added = new HashMap<>();
  private boolean byteFallback;
  private String fingerprint = "";

  private TokenizerDefinition() {}

  /**
   * @throws IOException if the bytes are not JSON or not of the expected shape
   */
  static TokenizerDefinition parse(byte[] json) throws IOException {
    TokenizerDefinition definition = new TokenizerDefinition();
    TokenTexts texts = new TokenTexts();
    try (JsonParser parser = JSON.createParser(json)) {
      expect(parser, parser.nextToken(), JsonToken.START_OBJECT);
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String field = parser.currentName();
        parser.nextToken();
        switch (field) {
          case "added_tokens" -> definition.readAddedTokens(parser, texts);
          case "model" -> definition.readModel(parser, texts);
          case "decoder" -> definition.readDecoder(parser);
          default -> parser.skipChildren();
        }
      }
    }
    definition.fingerprint = texts.fingerprint();
    definition.textual.andNot(definition.special);
    if (!definition.byteFallback) {
      definition.bytes.clear();
    }
    return definition;
  }

  /** One more than the highest id. */
  int size() {
    return Math.max(textual.length(), special.length());
  }

  /** SHA-256 of what the ids stand for, see {@link TokenTexts#fingerprint}. */
  String fingerprint() {
    return fingerprint;
  }

  /** Whether this token contributes text to what is decoded without special tokens. */
  boolean isTextual(int id) {
    return textual.get(id);
  }

  /** Whether this token is a special one: it has a meaning of its own and stands for no text. */
  boolean isSpecial(int id) {
    return special.get(id);
  }

  /**
   * Whether this token is one byte of a text. The decoder turns a run of such tokens into
   * characters as a whole, and into nothing but U+FFFD if any of it is not UTF-8.
   */
  boolean isByte(int id) {
    return bytes.get(id);
  }

  /** The id of a token that was added to the vocabulary, such as a special token. */
  OptionalInt addedToken(String text) {
    Integer id = added.get(text);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The special tokens: their ids by what they are written as. */
  Map<String, Integer> specialTokens() {
    Map<String, Integer> tokens = new HashMap<>(added);
    tokens.values().removeIf(id -> !special.get(id));
    return tokens;
  }

  private void readAddedTokens(JsonParser parser, TokenTexts texts) throws IOException {
    expect(parser, parser.currentToken(), JsonToken.START_ARRAY);
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      expect(parser, parser.currentToken(), JsonToken.START_OBJECT);
      int id = -1;
      String content = "";
      boolean isSpecial = false;
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String field = parser.currentName();
        parser.nextToken();
        switch (field) {
          case "id" -> id = id(parser);
          case "content" -> {
            expect(parser, parser.currentToken(), JsonToken.VALUE_STRING);
            content = parser.getText();
          }
          case "special" -> isSpecial = parser.getBooleanValue();
          default -> parser.skipChildren();
        }
      }
      if (id < 0) {
        throw new IOException("an added token has no id");
      }
      added.put(content, id);
      texts.putAdded(id, content);
      (isSpecial ? special : textual).set(id);
    }
  }

  private void readModel(JsonParser parser, TokenTexts texts) throws IOException {
    expect(parser, parser.currentToken(), JsonToken.START_OBJECT);
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String field = parser.currentName();
      JsonToken value = parser.nextToken();
      if (!field.equals("vocab")) {
        parser.skipChildren();
      } else if (value == JsonToken.START_OBJECT) {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String token = parser.currentName();
          parser.nextToken();
          addToken(token, id(parser), texts);
        }
      } else {
        // Unigram: [token, score] in the order of the ids.
        expect(parser, value, JsonToken.START_ARRAY);
        for (int id = 0; parser.nextToken() != JsonToken.END_ARRAY; id++) {
          expect(parser, parser.currentToken(), JsonToken.START_ARRAY);
          expect(parser, parser.nextToken(), JsonToken.VALUE_STRING);
          addToken(parser.getText(), id, texts);
          while (parser.nextToken() != JsonToken.END_ARRAY) {
            parser.skipChildren();
          }
        }
      }
    }
  }

  private void addToken(String token, int id, TokenTexts texts) {
    texts.put(id, token);
    textual.set(id);
    if (token.length() == 6 && token.charAt(0) == '<' && BYTE.matcher(token).matches()) {
      bytes.set(id);
    }
  }

  /** A decoder is one object, or a sequence of them with the same field {@code type}. */
  private void readDecoder(JsonParser parser) throws IOException {
    int depth = 0;
    for (JsonToken token = parser.currentToken(); ; token = parser.nextToken()) {
      if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      } else if (token == JsonToken.VALUE_STRING && "type".equals(parser.currentName())) {
        byteFallback |= parser.getText().equals("ByteFallback");
      }
      if (depth == 0) {
        return;
      }
    }
  }

  private static int id(JsonParser parser) throws IOException {
    expect(parser, parser.currentToken(), JsonToken.VALUE_NUMBER_INT);
    int id = parser.getIntValue();
    // Far above any vocabulary: an id sizes a bit set.
    if (id < 0 || id >= 1 << 24) {
      throw new IOException("a token's id is " + id + "; expected 0 … " + ((1 << 24) - 1));
    }
    return id;
  }

  private static void expect(JsonParser parser, @Nullable JsonToken found, JsonToken expected)
      throws IOException {
    if (found != expected) {
      throw new IOException(
          "found "
              + (found == null ? "the end" : found)
              + " at "
              + parser.currentTokenLocation().offsetDescription()
              + ", expected "
              + expected);
    }
  }
}
