package io.patchkit.onnx.text.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** The filters that compare the items of a sequence: sort, dictsort, unique, min, max. */
final class Ordering {

  private Ordering() {}

  static Object sort(Object value, Arguments arguments, Rendering rendering) {
    Arguments.Bound bound = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    boolean exact = bound.flag(1, false);
    if (bound.has(2) && bound.require(2) instanceof String path && path.contains(",")) {
      throw new JinjaUnsupportedException("sorting by several attributes is not supported");
    }
    // In lists of one, since equal items need no order: jinja2 sorts none beside none.
    Comparator<Object> order =
        (a, b) ->
            Operators.order(
                List.of(key(a, bound, 2, exact, rendering)),
                List.of(key(b, bound, 2, exact, rendering)),
                "<",
                rendering);
    List<Object> items = new ArrayList<>(Values.items(value));
    // Python's reverse keeps equal items in their order, as reversing the comparison does.
    items.sort(bound.flag(0, false) ? order.reversed() : order);
    return items;
  }

  static Object sortEntries(Object value, Arguments arguments, Rendering rendering) {
    Arguments.Bound bound = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    boolean exact = bound.flag(0, false);
    Object by = bound.get(1, "key");
    int position = by.equals("key") ? 0 : by.equals("value") ? 1 : -1;
    if (position < 0) {
      throw new JinjaException("You can only sort by either \"key\" or \"value\"");
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw new JinjaException("dictsort takes a mapping, not " + Values.typeName(value));
    }
    Comparator<Object> order =
        (a, b) ->
            Operators.order(
                fold(((Tuple) a).items().get(position), exact),
                fold(((Tuple) b).items().get(position), exact),
                "<",
                rendering);
    List<Object> entries = Attributes.entries(map);
    entries.sort(bound.flag(2, false) ? order.reversed() : order);
    return entries;
  }

  static Object unique(Object value, Arguments arguments, Rendering rendering) {
    Arguments.Bound bound = arguments.bind("unique", 0, "case_sensitive", "attribute");
    List<Object> seen = new ArrayList<>();
    List<Object> kept = new ArrayList<>();
    for (Object item : Values.items(value)) {
      Object key = key(item, bound, 1, bound.flag(0, false), rendering);
      if (!Operators.contains(seen, key, rendering)) {
        seen.add(key);
        kept.add(item);
      }
    }
    return new Generator(kept);
  }

  static Object extreme(String name, Object value, Arguments arguments, Rendering rendering) {
    Arguments.Bound bound = arguments.bind(name, 0, "case_sensitive", "attribute");
    boolean exact = bound.flag(0, false);
    Object best = new Undefined("No aggregated item, sequence was empty.");
    for (Object item : Values.items(value)) {
      if (best instanceof Undefined) {
        best = item;
        continue;
      }
      int order =
          Operators.order(
              key(item, bound, 1, exact, rendering),
              key(best, bound, 1, exact, rendering),
              "<",
              rendering);
      if (name.equals("min") ? order < 0 : order > 0) {
        best = item;
      }
    }
    return best;
  }

  private static Object key(
      Object item, Arguments.Bound bound, int attribute, boolean exact, Rendering rendering) {
    return fold(
        bound.has(attribute) ? Selection.path(item, bound.require(attribute), rendering) : item,
        exact);
  }

  private static Object fold(Object value, boolean exact) {
    return !exact && value instanceof String text ? PythonText.lower(text) : value;
  }
}
