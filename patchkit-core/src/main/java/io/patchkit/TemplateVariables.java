package io.patchkit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The variables that a chat hands to its template: what is allowed, and copies that nobody changes.
 */
final class TemplateVariables {

  private static final int MAX_DEPTH = 32;
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  /** What the template gets from elsewhere, or would be silent about. */
  private static final Set<String> TAKEN =
      Set.of(
          "messages",
          "add_generation_prompt",
          "continue_final_message",
          "raise_exception",
          "strftime_now",
          "range",
          "namespace",
          "dict");

  private TemplateVariables() {}

  /** Unmodifiable copies all the way down, ordered by name; whole numbers become {@link Long}. */
  static Map<String, @Nullable Object> copyOf(Map<String, ? extends @Nullable Object> variables) {
    Map<String, @Nullable Object> copy = new TreeMap<>();
    variables.forEach(
        (name, value) -> copy.put(requireFree(name), copyOf("the variable " + name, value, 1)));
    return Collections.unmodifiableMap(copy);
  }

  private static String requireFree(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a variable is named '"
              + name
              + "'; allowed: letters, digits and underscores, as in enable_thinking");
    }
    if (TAKEN.contains(name) || name.endsWith("_token")) {
      throw new IllegalArgumentException(
          "a variable is named "
              + name
              + ", which a chat template has from the chat or the model; allowed: other names than "
              + String.join(", ", new TreeSet<>(TAKEN))
              + " and those of special tokens (…_token)");
    }
    return name;
  }

  private static @Nullable Object copyOf(String where, @Nullable Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException(
          where + " is nested more than " + MAX_DEPTH + " deep; allowed: at most that");
    }
    if (value == null || value instanceof String || value instanceof Boolean) {
      return value;
    }
    if (value instanceof Number number) {
      return number(where, number);
    }
    if (value instanceof List<?> list) {
      List<@Nullable Object> items = new ArrayList<>(list.size());
      for (Object item : list) {
        items.add(copyOf(where, item, depth + 1));
      }
      return Collections.unmodifiableList(items);
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> entries = new LinkedHashMap<>();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        if (!(entry.getKey() instanceof String key)) {
          throw new IllegalArgumentException(
              where + " holds a map with the key " + entry.getKey() + "; allowed: keys of text");
        }
        entries.put(key, copyOf(where, entry.getValue(), depth + 1));
      }
      return Collections.unmodifiableMap(entries);
    }
    throw new IllegalArgumentException(
        where
            + " holds a "
            + value.getClass().getName()
            + "; allowed: texts, numbers, booleans, null, lists and maps");
  }

  private static Number number(String where, Number number) {
    if (number instanceof Long
        || number instanceof Integer
        || number instanceof Short
        || number instanceof Byte) {
      return number.longValue();
    }
    if (number instanceof Double || number instanceof Float) {
      double decimal = Double.parseDouble(number.toString());
      if (Double.isFinite(decimal)) {
        return decimal;
      }
    }
    throw new IllegalArgumentException(
        where
            + " holds the "
            + number.getClass().getSimpleName()
            + " "
            + number
            + "; allowed: whole numbers of up to 64 bits, and finite doubles and floats");
  }
}
