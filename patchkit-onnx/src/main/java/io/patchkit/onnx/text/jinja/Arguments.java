package io.patchkit.onnx.text.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a function, filter, test or macro is called with. */
public record Arguments(List<Object> positional, Map<String, Object> named) {

  static final Arguments NONE = new Arguments(List.of(), Map.of());

  /** The only argument, a text. */
  public String text(String function) {
    Object value = bind(function, 1, "text").require(0);
    if (value instanceof String text) {
      return text;
    }
    throw new JinjaException(function + "() takes a text, not " + Values.typeName(value));
  }

  /**
   * Assigns the arguments to parameters as Python does.
   *
   * @param required how many of the parameters have no default
   */
  Bound bind(String function, int required, String... parameters) {
    if (positional.size() > parameters.length) {
      throw new JinjaException(
          function
              + "() takes at most "
              + parameters.length
              + " arguments, not "
              + positional.size());
    }
    Object[] values = new Object[parameters.length];
    for (int i = 0; i < positional.size(); i++) {
      values[i] = positional.get(i);
    }
    for (Map.Entry<String, Object> entry : named.entrySet()) {
      int i = List.of(parameters).indexOf(entry.getKey());
      if (i < 0) {
        throw new JinjaException(function + "() has no parameter '" + entry.getKey() + "'");
      }
      if (values[i] != null) {
        throw new JinjaException(function + "() got '" + entry.getKey() + "' twice");
      }
      values[i] = entry.getValue();
    }
    for (int i = 0; i < required; i++) {
      if (values[i] == null) {
        throw new JinjaException(function + "() lacks the argument '" + parameters[i] + "'");
      }
    }
    return new Bound(function, values);
  }

  /** The same without the first positional argument. */
  Arguments rest(int from) {
    return new Arguments(positional.subList(from, positional.size()), named);
  }

  /** Arguments by the position of their parameter. */
  static final class Bound {
    private final String function;
    private final @Nullable Object[] values;

    private Bound(String function, @Nullable Object[] values) {
      this.function = function;
      this.values = values;
    }

    /** Whether the argument was given, and not as none. */
    boolean has(int i) {
      return values[i] != null && values[i] != None.NONE;
    }

    boolean isGiven(int i) {
      return values[i] != null;
    }

    Object require(int i) {
      Object value = values[i];
      if (value == null) {
        throw new JinjaException(function + "() lacks an argument");
      }
      return value;
    }

    Object get(int i, Object otherwise) {
      Object value = values[i];
      return value == null ? otherwise : value;
    }

    boolean flag(int i, boolean otherwise) {
      return Values.isTrue(get(i, otherwise));
    }

    String text(int i) {
      Object value = require(i);
      if (value instanceof String text) {
        return text;
      }
      throw new JinjaException(function + "() takes a text here, not " + Values.typeName(value));
    }

    int integer(int i, int otherwise) {
      return has(i) ? Values.index(require(i)) : otherwise;
    }
  }
}
