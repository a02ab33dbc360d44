package io.patchkit.format;

/**
 * A JSON number with a fraction or an exponent, as the nearest double. {@code -0} is one, too.
 *
 * @param value finite
 */
public record JsonDecimal(double value) implements JsonValue {

  public JsonDecimal {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("JSON has no number " + value + "; it must be finite");
    }
  }
}
