package io.patchkit.onnx.text.jinja;

import java.util.List;

/** Python's two ways of putting values into a text, as far as templates go. */
final class TextFormat {

  private TextFormat() {}

  /** {@code text % values}: {@code %s}, {@code %d} and {@code %%}. */
  static String percent(String text, List<Object> values, Rendering rendering) {
    StringBuilder formatted = new StringBuilder();
    int used = 0;
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c != '%') {
        formatted.append(c);
        continue;
      }
      if (at == text.length()) {
        throw new JinjaException("incomplete format");
      }
      char kind = text.charAt(at++);
      if (kind == '%') {
        formatted.append('%');
      } else if (kind != 's' && kind != 'd') {
        throw new JinjaUnsupportedException(
            "formatting a text with %" + kind + " is not supported; only %s, %d and %% are");
      } else if (used == values.size()) {
        throw new JinjaException("not enough arguments for format string");
      } else {
        Object value = values.get(used++);
        append(
            formatted,
            kind == 'd' ? Long.toString(whole(value)) : Values.text(value, rendering),
            rendering);
      }
    }
    if (used < values.size()) {
      throw new JinjaException("not all arguments converted during string formatting");
    }
    rendering.charge(text.length());
    return formatted.toString();
  }

  private static long whole(Object value) {
    if (!Operators.isNumber(value)) {
      throw new JinjaException("%d takes a number, not " + Values.typeName(value));
    }
    return Operators.number(value).longValue();
  }

  /** {@code text.format(values)}: fields by position and by name, without a format of their own. */
  static String braces(String text, Arguments values, Rendering rendering) {
    StringBuilder formatted = new StringBuilder();
    int next = 0;
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c != '{' && c != '}') {
        formatted.append(c);
      } else if (at < text.length() && text.charAt(at) == c) {
        formatted.append(c);
        at++;
      } else {
        int end = text.indexOf('}', at);
        if (c == '}' || end < 0) {
          throw new JinjaException("Single '" + c + "' encountered in format string");
        }
        String field = text.substring(at, end);
        boolean automatic = field.isEmpty();
        Object value = field(automatic ? Integer.toString(next++) : field, values);
        if (!automatic && next > 0 && Character.isDigit(field.charAt(0))) {
          throw new JinjaException("cannot switch from automatic field numbering to manual");
        }
        append(formatted, Values.text(value, rendering), rendering);
        at = end + 1;
      }
    }
    rendering.charge(text.length());
    return formatted.toString();
  }

  /** Charged before it is there: a field may stand in a text many times. */
  private static void append(StringBuilder formatted, String value, Rendering rendering) {
    rendering.charge(value.length() + 1);
    formatted.append(value);
  }

  private static Object field(String field, Arguments values) {
    if (field.chars().allMatch(c -> c >= '0' && c <= '9') && field.length() < 5) {
      int index = Integer.parseInt(field);
      if (index >= values.positional().size()) {
        throw new JinjaException("format() has no argument " + index);
      }
      return values.positional().get(index);
    } else if (!field.chars().allMatch(c -> Character.isLetterOrDigit(c) || c == '_')) {
      throw new JinjaUnsupportedException(
          "the field {" + field + "} in format() is not supported; only {}, {0} and {name} are");
    }
    Object value = values.named().get(field);
    if (value == null) {
      throw new JinjaException("format() has no argument '" + field + "'");
    }
    return value;
  }
}
