package io.patchkit.onnx.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop} of a {@code for}. */
final class Loop {

  private final List<Object> items;
  private final Rendering rendering;
  private int index0;
  private @Nullable List<Object> lastChecked;

  Loop(List<Object> items, Rendering rendering) {
    this.items = items;
    this.rendering = rendering;
  }

  void moveTo(int index) {
    index0 = index;
  }

  Object attribute(String name) {
    long size = items.size();
    return switch (name) {
      case "index0" -> (long) index0;
      case "index" -> index0 + 1L;
      case "revindex" -> size - index0;
      case "revindex0" -> size - index0 - 1;
      case "first" -> index0 == 0;
      case "last" -> index0 == size - 1;
      case "length" -> size;
      // Of recursion, which there is none.
      case "depth" -> 1L;
      case "depth0" -> 0L;
      case "previtem" ->
          index0 > 0 ? items.get(index0 - 1) : new Undefined("there is no previous item");
      case "nextitem" ->
          index0 < size - 1 ? items.get(index0 + 1) : new Undefined("there is no next item");
      case "cycle" -> (JinjaFunction) this::cycle;
      case "changed" -> (JinjaFunction) this::changed;
      default -> new Undefined("'loop' has no attribute '" + name + "'");
    };
  }

  private Object cycle(Arguments arguments) {
    List<Object> choices = arguments.positional();
    if (choices.isEmpty()) {
      throw new JinjaException("loop.cycle() lacks the items to cycle through");
    }
    return choices.get(index0 % choices.size());
  }

  private Object changed(Arguments arguments) {
    boolean changed =
        lastChecked == null || !Operators.equal(lastChecked, arguments.positional(), rendering);
    lastChecked = arguments.positional();
    return changed;
  }
}
