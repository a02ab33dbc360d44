package io.patchkit.train;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonBoolean;
import io.patchkit.format.JsonDecimal;
import io.patchkit.format.JsonInteger;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonString;
import io.patchkit.format.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** In what two plans differ, for people. */
final class PlanDifference {

  private static final int MOST = 5;
  private static final int LONGEST = 80;

  private PlanDifference() {}

  /**
   * The fields of which the plans say something else: {@code expected seed 10, found 9}; those
   * beyond the first few are counted.
   */
  static String describe(JsonObject expected, JsonObject found) {
    Map<String, String> wanted = fields(expected);
    Map<String, String> there = fields(found);
    Set<String> names = new LinkedHashSet<>(wanted.keySet());
    names.addAll(there.keySet());
    List<String> lines = new ArrayList<>();
    for (String name : names) {
      String want = wanted.getOrDefault(name, "absent");
      String is = there.getOrDefault(name, "absent");
      if (!want.equals(is)) {
        lines.add("expected " + name + " " + want + ", found " + is);
      }
    }
    String first = String.join("; ", lines.subList(0, Math.min(MOST, lines.size())));
    return lines.size() <= MOST ? first : first + "; and " + (lines.size() - MOST) + " more";
  }

  private static Map<String, String> fields(JsonObject json) {
    Map<String, String> fields = new LinkedHashMap<>();
    add("", json, fields);
    return fields;
  }

  private static void add(String path, JsonValue value, Map<String, String> fields) {
    if (value instanceof JsonObject object) {
      for (String name : object.names()) {
        JsonValue member = object.get(name);
        if (member != null) {
          add(path.isEmpty() ? name : path + "." + name, member, fields);
        }
      }
    } else if (value instanceof JsonArray array) {
      for (int i = 0; i < array.size(); i++) {
        add(path + "[" + i + "]", array.get(i), fields);
      }
    } else {
      fields.put(path, text(value));
    }
  }

  private static String text(JsonValue value) {
    if (value instanceof JsonString string) {
      String text = string.value();
      return "'" + (text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…") + "'";
    }
    if (value instanceof JsonInteger integer) {
      return String.valueOf(integer.value());
    }
    if (value instanceof JsonDecimal decimal) {
      return String.valueOf(decimal.value());
    }
    return value instanceof JsonBoolean bool ? String.valueOf(bool.value()) : "null";
  }
}
