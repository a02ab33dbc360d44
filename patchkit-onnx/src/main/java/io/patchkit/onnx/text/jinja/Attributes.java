package io.patchkit.onnx.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code value.name}, {@code value[key]} and {@code value[from:to:step]}.
 *
 * <p>Methods: those of {@link StringMethods}; {@code get}, {@code items}, {@code keys} and {@code
 * values} of a mapping; {@code index} and {@code count} of a list. What would change a value is
 * refused, as in jinja2's immutable sandbox.
 */
final class Attributes {

  private static final Set<String> MAP_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

  private Attributes() {}

  /** {@code value.name}: a method comes before an entry. */
  static Object attribute(Object value, String name, Rendering rendering) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    Object own = own(value, name, rendering);
    if (own != null) {
      return own;
    }
    if (value instanceof Map<?, ?> map && map.containsKey(name)) {
      return map.get(name);
    }
    return missing(value, name);
  }

  /** {@code value[key]}: an entry comes before a method. */
  static Object item(Object value, Object key, Rendering rendering) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (value instanceof Map<?, ?> map) {
      Object entry = Values.isKey(key) ? map.get(key) : null;
      if (entry != null) {
        return entry;
      }
    } else if (key instanceof Long || key instanceof Boolean) {
      int index = Values.index(key);
      Object element =
          value instanceof String text ? character(text, index, rendering) : element(value, index);
      if (element != null) {
        return element;
      }
    }
    if (key instanceof String name) {
      Object own = own(value, name, rendering);
      if (own != null) {
        return own;
      }
    }
    return missing(value, Values.isKey(key) ? String.valueOf(key) : Values.typeName(key));
  }

  private static @Nullable Object character(String text, int index, Rendering rendering) {
    rendering.charge(text.length() / 16);
    int size = text.codePointCount(0, text.length());
    int from = index < 0 ? index + size : index;
    return from < 0 || from >= size
        ? null
        : Character.toString(text.codePointAt(text.offsetByCodePoints(0, from)));
  }

  private static @Nullable Object element(Object value, int index) {
    List<?> items =
        value instanceof List<?> list
            ? list
            : value instanceof Tuple tuple ? tuple.items() : List.of();
    int from = index < 0 ? index + items.size() : index;
    return from < 0 || from >= items.size() ? null : items.get(from);
  }

  /** {@code value[start:stop:step]}; bounds may be none. */
  static Object slice(Object value, Object start, Object stop, Object step, Rendering rendering) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    rendering.charge(Values.size(value));
    if (value instanceof String text) {
      int[] characters = text.codePoints().toArray();
      StringBuilder taken = new StringBuilder();
      for (int i : places(characters.length, start, stop, step)) {
        taken.appendCodePoint(characters[i]);
      }
      return taken.toString();
    } else if (value instanceof List<?> list) {
      return taken(list, start, stop, step);
    } else if (value instanceof Tuple tuple) {
      return new Tuple(taken(tuple.items(), start, stop, step));
    }
    throw new JinjaException("'" + Values.typeName(value) + "' object is not subscriptable");
  }

  private static List<Object> taken(List<?> list, Object start, Object stop, Object step) {
    List<Object> taken = new ArrayList<>();
    for (int i : places(list.size(), start, stop, step)) {
      taken.add(list.get(i));
    }
    return taken;
  }

  /** The indexes of a slice of a sequence of this size, as Python's slice.indices has them. */
  private static int[] places(int size, Object start, Object stop, Object step) {
    int stride = step == None.NONE ? 1 : Values.index(step);
    if (stride == 0) {
      throw new JinjaException("slice step cannot be zero");
    }
    boolean forward = stride > 0;
    int lowest = forward ? 0 : -1;
    int highest = forward ? size : size - 1;
    int from = bound(start, forward ? lowest : highest, lowest, highest, size);
    int to = bound(stop, forward ? highest : lowest, lowest, highest, size);
    long distance = forward ? (long) to - from : (long) from - to;
    long width = Math.abs((long) stride);
    int[] places = new int[(int) Math.max(0, (distance + width - 1) / width)];
    for (int i = 0; i < places.length; i++) {
      places[i] = (int) (from + (long) i * stride);
    }
    return places;
  }

  private static int bound(Object bound, int otherwise, int lowest, int highest, int size) {
    if (bound == None.NONE) {
      return otherwise;
    }
    long index = Values.index(bound);
    return (int) Math.max(lowest, Math.min(highest, index < 0 ? index + size : index));
  }

  /** What the value has of its own accord, whatever its entries; null if nothing. */
  private static @Nullable Object own(Object value, String name, Rendering rendering) {
    if (value instanceof String text) {
      return StringMethods.find(text, name, rendering);
    } else if (value instanceof Map<?, ?> map) {
      return mapMethod(map, name);
    } else if (value instanceof List<?> list) {
      return listMethod(list, name, rendering);
    } else if (value instanceof Tuple tuple) {
      return listMethod(tuple.items(), name, rendering);
    } else if (value instanceof Loop loop) {
      return loop.attribute(name);
    } else if (value instanceof Namespace namespace) {
      return namespace.get(name);
    }
    return null;
  }

  private static @Nullable JinjaFunction mapMethod(Map<?, ?> map, String name) {
    return switch (name) {
      case "get" ->
          arguments -> {
            Arguments.Bound bound = arguments.bind("get", 1, "key", "default");
            Object entry = map.get(Values.requireKey(bound.require(0)));
            return entry == null ? bound.get(1, None.NONE) : entry;
          };
      case "items" -> arguments -> entries(map);
      case "keys" -> arguments -> new ArrayList<Object>(map.keySet());
      case "values" -> arguments -> new ArrayList<Object>(map.values());
      default -> {
        if (MAP_CHANGES.contains(name)) {
          throw unsafe("dict", name);
        }
        yield null;
      }
    };
  }

  /** Pairs of key and value. */
  static List<Object> entries(Map<?, ?> map) {
    List<Object> entries = new ArrayList<>(map.size());
    map.forEach((key, value) -> entries.add(Tuple.of(key, value)));
    return entries;
  }

  private static @Nullable JinjaFunction listMethod(
      List<?> list, String name, Rendering rendering) {
    return switch (name) {
      case "count" ->
          arguments -> {
            Object wanted = arguments.bind("count", 1, "value").require(0);
            long count = 0;
            for (Object item : list) {
              count += Operators.equal(item, wanted, rendering) ? 1 : 0;
            }
            return count;
          };
      case "index" ->
          arguments -> {
            Object wanted = arguments.bind("index", 1, "value").require(0);
            for (int i = 0; i < list.size(); i++) {
              if (Operators.equal(list.get(i), wanted, rendering)) {
                return (long) i;
              }
            }
            throw new JinjaException("the value is not in the list");
          };
      default -> {
        if (LIST_CHANGES.contains(name)) {
          throw unsafe("list", name);
        }
        yield null;
      }
    };
  }

  private static JinjaException unsafe(String type, String name) {
    return new JinjaException(
        "access to attribute '" + name + "' of '" + type + "' object is unsafe: it changes it");
  }

  private static Undefined missing(Object value, String name) {
    return new Undefined("'" + Values.typeName(value) + " object' has no attribute '" + name + "'");
  }
}
