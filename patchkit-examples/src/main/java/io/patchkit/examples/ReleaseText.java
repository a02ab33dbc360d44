package io.patchkit.examples;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonBoolean;
import io.patchkit.format.JsonDecimal;
import io.patchkit.format.JsonInteger;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonString;
import io.patchkit.format.JsonValue;
import org.jspecify.annotations.Nullable;

/** A command's result for people: a line for each field, a line for each element of a list. */
final class ReleaseText {

  private ReleaseText() {}

  static String of(JsonObject result) {
    StringBuilder text = new StringBuilder();
    for (String name : result.names()) {
      if (result.get(name) instanceof JsonArray array) {
        text.append(name).append(array.size() == 0 ? ": none\n" : ":\n");
        for (int i = 0; i < array.size(); i++) {
          text.append("  ").append(onOneLine(array.get(i))).append('\n');
        }
      } else {
        text.append(name).append(": ").append(plain(result.get(name))).append('\n');
      }
    }
    return text.toString();
  }

  private static String onOneLine(JsonValue value) {
    if (!(value instanceof JsonObject object)) {
      return plain(value);
    }
    StringBuilder line = new StringBuilder();
    for (String name : object.names()) {
      line.append(line.length() == 0 ? "" : "  ").append(name).append('=');
      line.append(plain(object.get(name)));
    }
    return line.toString();
  }

  private static String plain(@Nullable JsonValue value) {
    if (value instanceof JsonString string) {
      return string.value();
    }
    if (value instanceof JsonInteger integer) {
      return integer.value().toString();
    }
    if (value instanceof JsonDecimal decimal) {
      return Double.toString(decimal.value());
    }
    return value instanceof JsonBoolean bool
        ? Boolean.toString(bool.value())
        : String.valueOf(value);
  }
}
