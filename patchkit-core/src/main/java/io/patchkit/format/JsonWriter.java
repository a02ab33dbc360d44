package io.patchkit.format;

import java.util.List;
import java.util.Map;

/** JSON values as text: equal values in equal order give equal text. */
final class JsonWriter {

  private static final String INDENT = "  ";

  private final StringBuilder out = new StringBuilder();
  private final boolean indented;

  private JsonWriter(boolean indented) {
    this.indented = indented;
  }

  /** On one line, without any white space. */
  static String compact(JsonValue value) {
    JsonWriter writer = new JsonWriter(false);
    writer.write(value, 0);
    return writer.out.toString();
  }

  /** On many lines, two spaces per level. */
  static String indented(JsonValue value) {
    JsonWriter writer = new JsonWriter(true);
    writer.write(value, 0);
    return writer.out.append('\n').toString();
  }

  private void write(JsonValue value, int depth) {
    if (value instanceof JsonObject object) {
      writeObject(object, depth);
    } else if (value instanceof JsonArray array) {
      writeArray(array, depth);
    } else if (value instanceof JsonString string) {
      JsonText.appendString(out, string.value());
    } else if (value instanceof JsonInteger integer) {
      out.append(integer.value());
    } else if (value instanceof JsonDecimal decimal) {
      JsonText.appendDecimal(out, decimal.value());
    } else if (value instanceof JsonBoolean bool) {
      out.append(bool.value());
    } else {
      out.append("null");
    }
  }

  private void writeObject(JsonObject object, int depth) {
    out.append('{');
    boolean first = true;
    for (Map.Entry<String, JsonValue> field : object.fields().entrySet()) {
      separate(first, depth + 1);
      JsonText.appendString(out, field.getKey());
      out.append(indented ? ": " : ":");
      write(field.getValue(), depth + 1);
      first = false;
    }
    close(first, depth, '}');
  }

  private void writeArray(JsonArray array, int depth) {
    out.append('[');
    List<JsonValue> elements = array.elements();
    for (int i = 0; i < elements.size(); i++) {
      separate(i == 0, depth + 1);
      write(elements.get(i), depth + 1);
    }
    close(elements.isEmpty(), depth, ']');
  }

  private void separate(boolean first, int depth) {
    if (!first) {
      out.append(',');
    }
    newLine(depth);
  }

  private void close(boolean empty, int depth, char bracket) {
    if (!empty) {
      newLine(depth);
    }
    out.append(bracket);
  }

  private void newLine(int depth) {
    if (indented) {
      out.append('\n').append(INDENT.repeat(depth));
    }
  }
}
