package io.patchkit.onnx.text.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** {@code namespace(…)}: the one object whose attributes a template can set. */
final class Namespace {

  private final Map<String, Object> attributes = new LinkedHashMap<>();

  static Namespace of(Arguments arguments) {
    Namespace namespace = new Namespace();
    if (!arguments.positional().isEmpty()) {
      Object first =
          new Arguments(arguments.positional(), Map.of())
              .bind("namespace", 1, "mapping")
              .require(0);
      if (!(first instanceof Map<?, ?> map)) {
        throw new JinjaException("namespace() takes a mapping, not " + Values.typeName(first));
      }
      map.forEach((key, value) -> namespace.attributes.put(String.valueOf(key), value));
    }
    namespace.attributes.putAll(arguments.named());
    return namespace;
  }

  Object get(String name) {
    Object value = attributes.get(name);
    return value == null ? new Undefined("the namespace has no attribute '" + name + "'") : value;
  }

  void set(String name, Object value) {
    attributes.put(name, value);
  }
}
