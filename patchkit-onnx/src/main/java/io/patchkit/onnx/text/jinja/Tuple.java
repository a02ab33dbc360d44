package io.patchkit.onnx.text.jinja;

import java.util.List;

/** Python's tuple: prints with parentheses and never equals a list. */
record Tuple(List<Object> items) {

  Tuple {
    items = List.copyOf(items);
  }

  static Tuple of(Object first, Object second) {
    return new Tuple(List.of(first, second));
  }
}
