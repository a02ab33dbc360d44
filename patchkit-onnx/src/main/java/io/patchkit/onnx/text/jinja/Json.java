package io.patchkit.onnx.text.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Python's json.dumps, character for character. */
final class Json {

  private final StringBuilder out = new StringBuilder();
  private final @Nullable String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean sortKeys;
  private final boolean ascii;
  private final Rendering rendering;

  private Json(Arguments.Bound options, Rendering rendering) {
    this.rendering = rendering;
    ascii = options.flag(1, false);
    Object width = options.get(2, None.NONE);
    indent =
        width == None.NONE
            ? null
            : width instanceof String text
                ? text
                : " ".repeat(Math.max(0, Math.min(64, Values.index(width))));
    List<Object> separators =
        options.has(3)
            ? Values.items(options.require(3))
            : List.of(indent == null ? ", " : ",", ": ");
    if (separators.size() != 2
        || !(separators.get(0) instanceof String item)
        || !(separators.get(1) instanceof String key)) {
      throw new JinjaException("tojson takes two texts as separators");
    }
    itemSeparator = item;
    keySeparator = key;
    sortKeys = options.flag(4, false);
  }

  /** The filter {@code tojson} as transformers defines it. */
  static String dump(Object value, Arguments arguments, Rendering rendering) {
    Arguments all = new Arguments(new ArrayList<>(arguments.positional()), arguments.named());
    all.positional().add(0, value);
    Arguments.Bound options =
        all.bind("tojson", 1, "x", "ensure_ascii", "indent", "separators", "sort_keys");
    Json json = new Json(options, rendering);
    json.value(value, 0);
    return json.out.toString();
  }

  private void value(Object value, int depth) {
    rendering.charge(8);
    if (value instanceof String text) {
      string(text);
    } else if (value instanceof None) {
      out.append("null");
    } else if (value instanceof Boolean || value instanceof Long) {
      out.append(value);
    } else if (value instanceof Double number) {
      out.append(
          number.isNaN()
              ? "NaN"
              : number.isInfinite()
                  ? (number > 0 ? "Infinity" : "-Infinity")
                  : Values.decimal(number));
    } else if (value instanceof List<?> || value instanceof Tuple) {
      group("[", Values.items(value), "]", depth, item -> value(item, depth + 1));
    } else if (value instanceof Map<?, ?> map) {
      List<Object> entries = Attributes.entries(map);
      if (sortKeys) {
        entries.sort(Comparator.comparing(entry -> key(((Tuple) entry).items().get(0))));
      }
      group("{", entries, "}", depth, entry -> entry((Tuple) entry, depth + 1));
    } else {
      throw new JinjaException(
          "Object of type " + Values.typeName(value) + " is not JSON serializable");
    }
  }

  private void entry(Tuple entry, int depth) {
    string(key(entry.items().get(0)));
    out.append(keySeparator);
    value(entry.items().get(1), depth);
  }

  private static String key(Object key) {
    if (key instanceof String text) {
      return text;
    } else if (key instanceof None) {
      return "null";
    } else if (key instanceof Double number) {
      return Values.decimal(number);
    }
    return key.toString();
  }

  private void group(
      String open, List<Object> items, String close, int depth, Consumer<Object> write) {
    out.append(open);
    Iterator<Object> rest = items.iterator();
    boolean empty = !rest.hasNext();
    while (rest.hasNext()) {
      newLine(depth + 1);
      write.accept(rest.next());
      if (rest.hasNext()) {
        out.append(itemSeparator);
      }
    }
    if (!empty) {
      newLine(depth);
    }
    out.append(close);
  }

  private void newLine(int depth) {
    if (indent != null) {
      rendering.charge((long) indent.length() * depth);
      out.append('\n').append(indent.repeat(depth));
    }
  }

  private void string(String text) {
    rendering.charge(text.length());
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20 || (ascii && c > 0x7E)) {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
