package io.patchkit.format;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Strings, numbers and paths as JSON text. */
final class JsonText {

  private static final int QUOTED_LENGTH = 64;
  private static final int DOUBLE_DIGITS = 17;
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");
  private static final RoundingMode[] NEAREST_FIRST = {
    RoundingMode.HALF_EVEN, RoundingMode.DOWN, RoundingMode.UP
  };

  private JsonText() {}

  /**
   * Appends {@code value} as a JSON string, escaping only what RFC 8259 demands. serde_json and
   * Python's {@code json.dumps(ensure_ascii=False)} write the same characters.
   */
  static void appendString(StringBuilder out, String value) {
    out.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\b' -> out.append("\\b");
        case '\t' -> out.append("\\t");
        case '\n' -> out.append("\\n");
        case '\f' -> out.append("\\f");
        case '\r' -> out.append("\\r");
        default -> {
          if (c < ' ') {
            appendEscape(out, c);
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private static void appendEscape(StringBuilder out, char c) {
    out.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      out.append(Character.forDigit(c >> shift & 0xf, 16));
    }
  }

  /**
   * Appends the shortest decimal that reads back as {@code value}, laid out as Python's {@code
   * repr} does: {@code 1.0}, {@code 0.0001}, {@code 1e-05}, {@code 1.5e+16}. {@link
   * Double#toString} would differ from one Java to the next (JDK-4511638).
   */
  static void appendDecimal(StringBuilder out, double value) {
    if (value == 0) {
      out.append(1 / value < 0 ? "-0.0" : "0.0");
      return;
    }
    BigDecimal shortest = shortest(value).stripTrailingZeros();
    if (shortest.signum() < 0) {
      out.append('-');
    }
    String digits = shortest.unscaledValue().abs().toString();
    // The value is 0.DIGITS times ten to the power of point.
    int point = digits.length() - shortest.scale();
    if (point > 16 || point < -3) {
      out.append(digits.charAt(0));
      if (digits.length() > 1) {
        out.append('.').append(digits, 1, digits.length());
      }
      int exponent = point - 1;
      out.append(exponent < 0 ? "e-" : "e+");
      out.append(Math.abs(exponent) < 10 ? "0" : "").append(Math.abs(exponent));
    } else if (point <= 0) {
      out.append("0.").append("0".repeat(-point)).append(digits);
    } else if (digits.length() <= point) {
      out.append(digits).append("0".repeat(point - digits.length())).append(".0");
    } else {
      out.append(digits, 0, point).append('.').append(digits, point, digits.length());
    }
  }

  private static BigDecimal shortest(double value) {
    BigDecimal exact = new BigDecimal(value);
    for (int digits = 1; digits < DOUBLE_DIGITS; digits++) {
      // Below a power of two doubles lie closer, so the nearest decimal may miss where the one on
      // the other side hits.
      for (RoundingMode mode : NEAREST_FIRST) {
        BigDecimal rounded = exact.round(new MathContext(digits, mode));
        if (rounded.doubleValue() == value) {
          return rounded;
        }
      }
    }
    return exact.round(new MathContext(DOUBLE_DIGITS, RoundingMode.HALF_EVEN));
  }

  /** {@code path} followed by the member {@code name}: {@code $.base}, {@code $["a b"]}. */
  static String member(String path, String name) {
    if (IDENTIFIER.matcher(name).matches()) {
      return path + "." + name;
    }
    return path + "[" + quote(name) + "]";
  }

  /** {@code path} followed by the element {@code index}: {@code $.files[2]}. */
  static String element(String path, int index) {
    return path + "[" + index + "]";
  }

  /** {@code text} as an ASCII JSON string of at most 64 of its characters, for messages. */
  static String quote(String text) {
    return quote(text, QUOTED_LENGTH);
  }

  /** {@code text} as an ASCII JSON string of at most {@code length} of its characters. */
  static String quote(String text, int length) {
    StringBuilder escaped = new StringBuilder();
    appendString(escaped, text.length() <= length ? text : text.substring(0, length));
    StringBuilder ascii = new StringBuilder();
    for (int i = 0; i < escaped.length(); i++) {
      char c = escaped.charAt(i);
      if (c > '~') {
        appendEscape(ascii, c);
      } else {
        ascii.append(c);
      }
    }
    return text.length() <= length ? ascii.toString() : ascii + "...";
  }

  /** What kind of value this is, and which if it is short, for messages. */
  static String describe(@Nullable JsonValue value) {
    if (value == null) {
      return "nothing";
    }
    if (value instanceof JsonString string) {
      return "the string " + quote(string.value());
    }
    if (value instanceof JsonInteger integer) {
      String digits = integer.value().toString();
      return "the integer "
          + (digits.length() <= QUOTED_LENGTH ? digits : "of " + digits.length() + " characters");
    }
    if (value instanceof JsonDecimal decimal) {
      StringBuilder out = new StringBuilder("the decimal ");
      appendDecimal(out, decimal.value());
      return out.toString();
    }
    if (value instanceof JsonBoolean bool) {
      return String.valueOf(bool.value());
    }
    if (value instanceof JsonNull) {
      return "null";
    }
    return value instanceof JsonObject ? "an object" : "an array";
  }

  static boolean isWellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }

  static void requireWellFormed(String text) {
    if (!isWellFormed(text)) {
      throw new IllegalArgumentException(
          "the string " + quote(text) + " holds half of a surrogate pair; JSON is UTF-8");
    }
  }
}
