package io.patchkit.format;

/**
 * A JSON string.
 *
 * @param value well-formed UTF-16: no half of a surrogate pair, so that it can be written as UTF-8
 */
public record JsonString(String value) implements JsonValue {

  public JsonString {
    JsonText.requireWellFormed(value);
  }
}
