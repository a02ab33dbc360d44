package io.patchkit.onnx.text.jinja;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The values of a template: {@link String}, {@link Boolean}, {@link Long}, {@link Double}, {@link
 * None}, {@link Undefined}, {@link List}, {@link Tuple}, {@link Map}, {@link Generator}, {@link
 * Namespace}, {@link Loop}, {@link Macro} and {@link JinjaFunction}; and what Python does with
 * each.
 */
final class Values {

  /** As in jinja2's sandbox. */
  private static final int MAX_RANGE = 100_000;

  private Values() {}

  /** A template's own copy of a value from outside. */
  static Object of(@Nullable Object value) {
    if (value == null) {
      return None.NONE;
    } else if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
      return ((Number) value).longValue();
    } else if (value instanceof List<?> list) {
      List<Object> items = new ArrayList<>(list.size());
      list.forEach(item -> items.add(of(item)));
      return Collections.unmodifiableList(items);
    } else if (value instanceof Map<?, ?> map) {
      Map<Object, Object> entries = new LinkedHashMap<>();
      map.forEach((key, item) -> entries.put(of(key), of(item)));
      return Collections.unmodifiableMap(entries);
    } else if (value instanceof String
        || value instanceof Boolean
        || value instanceof Long
        || value instanceof Double
        || value instanceof JinjaFunction) {
      return value;
    }
    throw new IllegalArgumentException(
        "a template takes texts, numbers, booleans, lists and maps, not " + value.getClass());
  }

  /** How many characters of text a value from outside has. */
  static long characters(Object value) {
    long characters = 0;
    if (value instanceof String text) {
      characters = text.length();
    } else if (value instanceof List<?> list) {
      for (Object item : list) {
        characters += characters(item);
      }
    } else if (value instanceof Map<?, ?> map) {
      for (Object item : map.values()) {
        characters += characters(item);
      }
    }
    return characters;
  }

  static boolean isTrue(Object value) {
    if (value instanceof Boolean bool) {
      return bool;
    } else if (value instanceof String text) {
      return !text.isEmpty();
    } else if (value instanceof Long number) {
      return number != 0;
    } else if (value instanceof Double number) {
      return number != 0;
    } else if (value instanceof List<?> list) {
      return !list.isEmpty();
    } else if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    } else if (value instanceof Tuple tuple) {
      return !tuple.items().isEmpty();
    }
    return !(value instanceof None || value instanceof Undefined);
  }

  /** What {@code {{ value }}} writes: Python's str. */
  static String text(Object value, Rendering rendering) {
    if (value instanceof String text) {
      return text;
    } else if (value instanceof Undefined) {
      return "";
    }
    StringBuilder out = new StringBuilder();
    appendRepr(value, out, rendering);
    return out.toString();
  }

  private static void appendRepr(Object value, StringBuilder out, Rendering rendering) {
    rendering.charge(4);
    if (value instanceof String text) {
      rendering.charge(text.length());
      out.append(PythonText.quote(text));
    } else if (value instanceof Boolean bool) {
      out.append(bool ? "True" : "False");
    } else if (value instanceof Double number) {
      out.append(decimal(number));
    } else if (value instanceof List<?> list) {
      appendItems("[", list, "]", out, rendering);
    } else if (value instanceof Tuple tuple) {
      appendItems("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")", out, rendering);
    } else if (value instanceof Map<?, ?> map) {
      out.append('{');
      String separator = "";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.append(separator);
        appendRepr(entry.getKey(), out, rendering);
        out.append(": ");
        appendRepr(entry.getValue(), out, rendering);
        separator = ", ";
      }
      out.append('}');
    } else if (value instanceof Long || value instanceof None) {
      out.append(value);
    } else if (value instanceof Undefined) {
      out.append("Undefined");
    } else {
      // Python would print an address.
      throw new JinjaException("a " + typeName(value) + " has no text");
    }
  }

  private static void appendItems(
      String open, List<?> items, String close, StringBuilder out, Rendering rendering) {
    out.append(open);
    for (int i = 0; i < items.size(); i++) {
      out.append(i == 0 ? "" : ", ");
      appendRepr(items.get(i), out, rendering);
    }
    out.append(close);
  }

  /** The shortest decimal that reads back as the number, in Python's notation. */
  static String decimal(double number) {
    if (Double.isNaN(number)) {
      return "nan";
    } else if (Double.isInfinite(number)) {
      return number > 0 ? "inf" : "-inf";
    } else if (number == 0) {
      return 1 / number > 0 ? "0.0" : "-0.0";
    }
    BigDecimal exact = new BigDecimal(Double.toString(number));
    int exponent = exact.precision() - exact.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = exact.stripTrailingZeros().toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    String digits = exact.stripTrailingZeros().unscaledValue().abs().toString();
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return (number < 0 ? "-" : "")
        + mantissa
        + String.format("e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  static String typeName(Object value) {
    if (value instanceof String) {
      return "str";
    } else if (value instanceof Boolean) {
      return "bool";
    } else if (value instanceof Long) {
      return "int";
    } else if (value instanceof Double) {
      return "float";
    } else if (value instanceof List<?>) {
      return "list";
    } else if (value instanceof Map<?, ?>) {
      return "dict";
    } else if (value instanceof None) {
      return "NoneType";
    } else if (value instanceof Undefined) {
      return "Undefined";
    } else if (value instanceof JinjaFunction) {
      return "function";
    }
    return PythonText.lower(value.getClass().getSimpleName());
  }

  /** What a {@code for} runs through. */
  static List<Object> items(Object value) {
    if (value instanceof List<?> list) {
      return Collections.unmodifiableList(list);
    } else if (value instanceof Tuple tuple) {
      return tuple.items();
    } else if (value instanceof Generator generator) {
      return generator.drain();
    } else if (value instanceof Map<?, ?> map) {
      return new ArrayList<>(map.keySet());
    } else if (value instanceof String text) {
      List<Object> characters = new ArrayList<>(text.length());
      text.codePoints().forEach(c -> characters.add(Character.toString(c)));
      return characters;
    } else if (value instanceof Undefined) {
      return List.of();
    }
    throw new JinjaException("'" + typeName(value) + "' object is not iterable");
  }

  static long length(Object value) {
    if (value instanceof String text) {
      return text.codePointCount(0, text.length());
    } else if (value instanceof List<?> list) {
      return list.size();
    } else if (value instanceof Map<?, ?> map) {
      return map.size();
    } else if (value instanceof Tuple tuple) {
      return tuple.items().size();
    } else if (value instanceof Undefined) {
      return 0;
    } else if (value instanceof Loop loop) {
      return (Long) loop.attribute("length");
    }
    throw new JinjaException("object of type '" + typeName(value) + "' has no len()");
  }

  /** How much copying or comparing this value costs. */
  static long size(Object value) {
    return value instanceof String text
        ? text.length()
        : value instanceof List<?> list
            ? list.size()
            : value instanceof Map<?, ?> map ? map.size() : 1;
  }

  /** Whether a value can be the key of a mapping; comparing others could be endless work. */
  static boolean isKey(Object value) {
    return value instanceof String
        || value instanceof Long
        || value instanceof Double
        || value instanceof Boolean
        || value instanceof None;
  }

  static Object requireKey(Object value) {
    if (isKey(value)) {
      return value;
    } else if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    throw new JinjaException("unhashable type: '" + typeName(value) + "'");
  }

  /** A whole number that fits an int, such as an index. */
  static int index(Object value) {
    if (value instanceof Boolean bool) {
      return bool ? 1 : 0;
    } else if (value instanceof Long number) {
      return (int) Math.max(-Integer.MAX_VALUE, Math.min(Integer.MAX_VALUE, number));
    } else if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    throw new JinjaException("expected an integer, found " + typeName(value));
  }

  static Object range(Arguments arguments, Rendering rendering) {
    List<Object> bounds = arguments.positional();
    if (bounds.isEmpty() || bounds.size() > 3 || !arguments.named().isEmpty()) {
      throw new JinjaException("range() takes one to three integers");
    }
    long start = bounds.size() == 1 ? 0 : index(bounds.get(0));
    long stop = index(bounds.get(bounds.size() == 1 ? 0 : 1));
    long step = bounds.size() == 3 ? index(bounds.get(2)) : 1;
    if (step == 0) {
      throw new JinjaException("range() arg 3 must not be zero");
    }
    long size = Math.max(0, (stop - start + step - Long.signum(step)) / step);
    if (size > MAX_RANGE) {
      throw new JinjaLimitException(
          "range() of " + size + " numbers; expected at most " + MAX_RANGE);
    }
    rendering.charge(size);
    List<Object> numbers = new ArrayList<>((int) size);
    for (int i = 0; i < size; i++) {
      numbers.add(start + i * step);
    }
    return numbers;
  }

  static Object dict(Arguments arguments) {
    if (!arguments.positional().isEmpty()) {
      throw new JinjaUnsupportedException("dict() with positional arguments is not supported");
    }
    return new LinkedHashMap<Object, Object>(arguments.named());
  }
}
