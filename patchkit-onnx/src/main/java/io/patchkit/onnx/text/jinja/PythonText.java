package io.patchkit.onnx.text.jinja;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What Python's str knows of characters. */
final class PythonText {

  private PythonText() {}

  /** Whether str.isspace says so. */
  static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  /**
   * Cuts characters off the ends.
   *
   * @param characters those to cut off, or null for whitespace
   */
  static String strip(String text, @Nullable String characters, boolean left, boolean right) {
    int start = 0;
    int end = text.length();
    while (left && start < end) {
      int c = text.codePointAt(start);
      if (!isAmong(c, characters)) {
        break;
      }
      start += Character.charCount(c);
    }
    while (right && start < end) {
      int c = text.codePointBefore(end);
      if (!isAmong(c, characters)) {
        break;
      }
      end -= Character.charCount(c);
    }
    return text.substring(start, end);
  }

  private static boolean isAmong(int c, @Nullable String characters) {
    return characters == null ? isSpace(c) : characters.indexOf(c) >= 0;
  }

  /** The first letter in upper case, the others in lower case. */
  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    int size = Character.charCount(first);
    return Character.toString(Character.toTitleCase(first)) + lower(text.substring(size));
  }

  /** Every run of letters capitalised, as str.title does. */
  static String title(String text) {
    StringBuilder titled = new StringBuilder(text.length());
    boolean inWord = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      boolean letter = Character.isLetter(c);
      titled.appendCodePoint(
          !letter ? c : inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = letter;
    }
    return titled.toString();
  }

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  /** The text with quotes, as repr writes it. */
  static String quote(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder quoted = new StringBuilder().append(quote);
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      switch (c) {
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        case '\\' -> quoted.append("\\\\");
        default -> {
          if (c == quote) {
            quoted.append('\\').append(quote);
          } else if (isPrintable(c)) {
            quoted.appendCodePoint(c);
          } else if (c < 0x100) {
            quoted.append(String.format("\\x%02x", c));
          } else {
            quoted.append(String.format(c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
          }
        }
      }
    }
    return quoted.append(quote).toString();
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  /** What the inside of a string literal stands for. */
  static String unescape(String literal, int line) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    StringBuilder text = new StringBuilder(literal.length());
    for (int i = 0; i < literal.length(); i++) {
      char c = literal.charAt(i);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      char escape = literal.charAt(++i);
      switch (escape) {
        case '\n' -> {}
        case '\\', '\'', '"' -> text.append(escape);
        case 'a' -> text.append('\007');
        case 'b' -> text.append('\b');
        case 'f' -> text.append('\f');
        case 'n' -> text.append('\n');
        case 'r' -> text.append('\r');
        case 't' -> text.append('\t');
        case 'v' -> text.append('\013');
        case 'x', 'u', 'U' -> {
          int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : 8;
          text.appendCodePoint(hexadecimal(literal, i + 1, digits, line));
          i += digits;
        }
        case '0', '1', '2', '3', '4', '5', '6', '7' -> {
          int value = 0;
          int end = Math.min(i + 3, literal.length());
          for (; i < end && literal.charAt(i) >= '0' && literal.charAt(i) <= '7'; i++) {
            value = 8 * value + literal.charAt(i) - '0';
          }
          i--;
          text.append((char) value);
        }
        case 'N' ->
            throw new JinjaUnsupportedException("\\N{…} in a string is not supported", line);
        default -> text.append('\\').append(escape);
      }
    }
    return text.toString();
  }

  private static int hexadecimal(String literal, int from, int digits, int line) {
    try {
      int value = Integer.parseInt(literal.substring(from, from + digits), 16);
      if (Character.isValidCodePoint(value)) {
        return value;
      }
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      // Reported below.
    }
    throw new JinjaUnsupportedException(
        "a \\ escape in a string lacks its " + digits + " hexadecimal digits", line);
  }
}
