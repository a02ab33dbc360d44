package io.patchkit.onnx.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** The filters that run through a sequence: map, select, reject, selectattr, rejectattr. */
final class Selection {

  private Selection() {}

  /** {@code map('upper')}, {@code map(attribute='name', default='')}. */
  static Object map(Object value, Arguments arguments, Rendering rendering) {
    List<Object> mapped = new ArrayList<>();
    if (arguments.positional().isEmpty()) {
      Arguments.Bound bound = arguments.bind("map", 0, "attribute", "default");
      if (!bound.has(0)) {
        throw new JinjaException("map requires a filter argument");
      }
      for (Object item : items(value)) {
        Object attribute = path(item, bound.require(0), rendering);
        mapped.add(attribute instanceof Undefined ? bound.get(1, attribute) : attribute);
      }
      return new Generator(mapped);
    }
    String filter = name("map", arguments.positional().get(0));
    for (Object item : items(value)) {
      mapped.add(Filters.apply(filter, item, arguments.rest(1), rendering));
    }
    return new Generator(mapped);
  }

  static Object select(Object value, Arguments arguments, boolean keep, Rendering rendering) {
    List<Object> kept = new ArrayList<>();
    for (Object item : items(value)) {
      if (passes(item, arguments, 0, rendering) == keep) {
        kept.add(item);
      }
    }
    return new Generator(kept);
  }

  static Object selectByAttribute(
      Object value, Arguments arguments, boolean keep, Rendering rendering) {
    if (arguments.positional().isEmpty()) {
      throw new JinjaException("Missing parameter for attribute name");
    }
    List<Object> kept = new ArrayList<>();
    for (Object item : items(value)) {
      Object attribute = path(item, arguments.positional().get(0), rendering);
      if (passes(attribute, arguments, 1, rendering) == keep) {
        kept.add(item);
      }
    }
    return new Generator(kept);
  }

  /** As in jinja2, whatever is false has no items, be it a sequence or not. */
  private static List<Object> items(Object value) {
    return Values.isTrue(value) ? Values.items(value) : List.of();
  }

  private static boolean passes(
      Object value, Arguments arguments, int testAt, Rendering rendering) {
    rendering.charge(1);
    if (arguments.positional().size() <= testAt) {
      return Values.isTrue(value);
    }
    String test = name("select", arguments.positional().get(testAt));
    return Tests.test(test, value, arguments.rest(testAt + 1), rendering);
  }

  private static String name(String filter, Object value) {
    if (value instanceof String name) {
      return name;
    }
    throw new JinjaException(filter + " takes a name, not " + Values.typeName(value));
  }

  /** An attribute by a path such as {@code function.name} or {@code 0}. */
  static Object path(Object item, Object path, Rendering rendering) {
    if (!(path instanceof String names)) {
      return Attributes.item(item, path, rendering);
    }
    Object value = item;
    for (String name : names.split("\\.", -1)) {
      boolean index =
          !name.isEmpty() && name.length() < 9 && name.chars().allMatch(Character::isDigit);
      value = Attributes.item(value, index ? (Object) Long.valueOf(name) : name, rendering);
    }
    return value;
  }
}
