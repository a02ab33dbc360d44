package io.patchkit.format;

import static io.patchkit.format.FormatException.Reason.BYTE_ORDER_MARK;
import static io.patchkit.format.FormatException.Reason.DUPLICATE_KEY;
import static io.patchkit.format.FormatException.Reason.INVALID_JSON;
import static io.patchkit.format.FormatException.Reason.INVALID_UTF8;
import static io.patchkit.format.FormatException.Reason.LONE_SURROGATE;
import static io.patchkit.format.FormatException.Reason.NON_FINITE_NUMBER;
import static io.patchkit.format.FormatException.Reason.NUMBER_OUT_OF_RANGE;
import static io.patchkit.format.FormatException.Reason.NUMBER_TOO_LONG;
import static io.patchkit.format.FormatException.Reason.STRING_TOO_LONG;
import static io.patchkit.format.FormatException.Reason.TOO_DEEP;
import static io.patchkit.format.FormatException.Reason.TOO_LARGE;
import static io.patchkit.format.FormatException.Reason.TRAILING_CONTENT;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One reading of a JSON document: Jackson finds the tokens, this class holds them to the rules. */
final class JsonParsing {

  /** Characters of a number. Bounds the work of converting it, which grows with the square. */
  static final int MAX_NUMBER_LENGTH = 128;

  private static final JsonFactory TOKENS =
      JsonFactory.builder()
          // Our own limits are tighter and have their own reasons.
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          // A table shared by all documents would let one of them fill it.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          // Recognised in order to be refused by name.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private final JsonParser parser;
  private final JsonLimits limits;

  private JsonParsing(JsonParser parser, JsonLimits limits) {
    this.parser = parser;
    this.limits = limits;
  }

  static JsonValue parse(byte[] utf8, JsonLimits limits) {
    if (utf8.length > limits.maxBytes()) {
      throw new FormatException(
          TOO_LARGE, "$", "expected at most " + limits.maxBytes() + " bytes, found " + utf8.length);
    }
    CharBuffer text = decode(utf8);
    try (JsonParser parser =
        TOKENS.createParser(text.array(), text.arrayOffset(), text.remaining())) {
      return new JsonParsing(parser, limits).document();
    } catch (JsonProcessingException e) {
      throw invalid(e);
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory failed", e);
    }
  }

  private static CharBuffer decode(byte[] utf8) {
    CharBuffer text;
    ByteBuffer bytes = ByteBuffer.wrap(utf8);
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(bytes);
    } catch (CharacterCodingException e) {
      throw new FormatException(
          INVALID_UTF8, "$", "expected UTF-8, found other bytes near byte " + bytes.position());
    }
    if (text.hasRemaining() && text.charAt(0) == '\uFEFF') {
      throw new FormatException(BYTE_ORDER_MARK, "$", "starts with a byte order mark; remove it");
    }
    return text;
  }

  private JsonValue document() throws IOException {
    JsonToken first = parser.nextToken();
    if (first == null) {
      throw new FormatException(INVALID_JSON, "$", "expected a JSON value, found nothing");
    }
    JsonValue value = value(first, 0);
    JsonToken next;
    try {
      next = parser.nextToken();
    } catch (JsonProcessingException e) {
      throw trailing();
    }
    if (next != null) {
      throw trailing();
    }
    return value;
  }

  private JsonValue value(JsonToken token, int depth) throws IOException {
    return switch (token) {
      case START_OBJECT -> object(depth + 1);
      case START_ARRAY -> array(depth + 1);
      case VALUE_STRING -> new JsonString(string(parser.getText()));
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(token);
      case VALUE_TRUE -> new JsonBoolean(true);
      case VALUE_FALSE -> new JsonBoolean(false);
      case VALUE_NULL -> JsonNull.NULL;
      default -> throw new FormatException(INVALID_JSON, path(), "unexpected " + token);
    };
  }

  private JsonObject object(int depth) throws IOException {
    requireDepth(depth);
    Map<String, JsonValue> fields = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = string(parser.currentName());
      if (fields.containsKey(name)) {
        throw new FormatException(
            DUPLICATE_KEY, parentPath(), "the key " + JsonText.quote(name) + " is there twice");
      }
      fields.put(name, value(parser.nextToken(), depth));
    }
    return JsonObject.adopt(fields);
  }

  private JsonArray array(int depth) throws IOException {
    requireDepth(depth);
    List<JsonValue> elements = new ArrayList<>();
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      elements.add(value(token, depth));
    }
    return JsonArray.of(elements);
  }

  private JsonValue number(JsonToken token) throws IOException {
    if (parser.isNaN()) {
      throw new FormatException(
          NON_FINITE_NUMBER, path(), "expected a finite number, found " + parser.getText());
    }
    int length = parser.getTextLength();
    if (length > MAX_NUMBER_LENGTH) {
      throw new FormatException(
          NUMBER_TOO_LONG,
          path(),
          "expected a number of at most " + MAX_NUMBER_LENGTH + " characters, found " + length);
    }
    String digits = parser.getText();
    // -0 is no integer: the sign would be lost.
    if (token == JsonToken.VALUE_NUMBER_INT && !digits.equals("-0")) {
      return new JsonInteger(new BigInteger(digits));
    }
    double value = Double.parseDouble(digits);
    if (Double.isInfinite(value)) {
      throw new FormatException(
          NUMBER_OUT_OF_RANGE, path(), "expected a number that fits a double, found " + digits);
    }
    return new JsonDecimal(value);
  }

  private String string(String text) {
    if (text.length() > limits.maxStringLength()) {
      throw new FormatException(
          STRING_TOO_LONG,
          path(),
          "expected a string of at most "
              + limits.maxStringLength()
              + " characters, found "
              + text.length());
    }
    if (!JsonText.isWellFormed(text)) {
      throw new FormatException(
          LONE_SURROGATE, path(), "the string " + JsonText.quote(text) + " is no Unicode text");
    }
    return text;
  }

  private void requireDepth(int depth) {
    if (depth > limits.maxDepth()) {
      throw new FormatException(
          TOO_DEEP, path(), "expected at most " + limits.maxDepth() + " levels, found more");
    }
  }

  private FormatException trailing() {
    return new FormatException(
        TRAILING_CONTENT,
        "$",
        "expected the end after the value, found more at character "
            + parser.currentLocation().getCharOffset());
  }

  private static FormatException invalid(JsonProcessingException e) {
    // Jackson itself finds surrogates in keys, and leaves those in strings to us.
    boolean surrogate = String.valueOf(e.getOriginalMessage()).contains("surrogate");
    return new FormatException(
        surrogate ? LONE_SURROGATE : INVALID_JSON,
        "line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr(),
        "expected JSON (RFC 8259): " + JsonText.quote(e.getOriginalMessage(), 200));
  }

  private String path() {
    return path(parser.getParsingContext());
  }

  private String parentPath() {
    JsonStreamContext parent = parser.getParsingContext().getParent();
    return parent == null ? "$" : path(parent);
  }

  private static String path(JsonStreamContext context) {
    JsonStreamContext parent = context.getParent();
    if (parent == null) {
      return "$";
    }
    String above = path(parent);
    if (context.inArray()) {
      return context.hasCurrentIndex() ? JsonText.element(above, context.getCurrentIndex()) : above;
    }
    String name = context.getCurrentName();
    return name == null ? above : JsonText.member(above, name);
  }
}
