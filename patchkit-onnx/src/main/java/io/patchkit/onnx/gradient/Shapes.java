package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.ElementType;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a graph's tensors from having run it at two sizes: dimensions equal in both runs
 * are static, the others depend on the batch; small integer tensors equal in both are constants.
 */
final class Shapes {

  /**
   * One tensor in the two runs.
   *
   * @param integers the values, where they are integers, few, and the same in both runs
   */
  record Trace(
      ElementType type, List<Long> first, List<Long> second, @Nullable List<Long> integers) {}

  private final Map<String, Trace> traces;

  Shapes(Map<String, Trace> traces) {
    this.traces = Map.copyOf(traces);
  }

  boolean isKnown(String name) {
    return traces.containsKey(name);
  }

  /** True for tensors of floating point, the only ones that have a gradient. */
  boolean isFloatingPoint(String name) {
    return traces.containsKey(name) && of(name).type().isFloatingPoint();
  }

  ElementType type(String name) {
    return of(name).type();
  }

  int rank(String name) {
    return of(name).first().size();
  }

  /** The size of a dimension that does not depend on the batch, or −1; negative axes count back. */
  long size(String name, int axis) {
    Trace trace = of(name);
    int index = axis(name, axis);
    long size = trace.first().get(index);
    return size == trace.second().get(index) ? size : -1;
  }

  /** True where the dimension was 1 in both runs. */
  boolean isOne(String name, int axis) {
    return size(name, axis) == 1;
  }

  boolean isSameShape(String a, String b) {
    return of(a).first().equals(of(b).first()) && of(a).second().equals(of(b).second());
  }

  /** The values of a small integer tensor that does not depend on the batch, or null. */
  long @Nullable [] integers(String name) {
    List<Long> integers = traces.containsKey(name) ? of(name).integers() : null;
    return integers == null ? null : integers.stream().mapToLong(Long::longValue).toArray();
  }

  /** The axis counted from the front. */
  int axis(String name, long axis) {
    int rank = rank(name);
    int index = (int) (axis < 0 ? axis + rank : axis);
    if (index < 0 || index >= rank) {
      throw new UnsupportedModelException(
          "Expected an axis of \"" + name + "\" below " + rank + ", found " + axis);
    }
    return index;
  }

  private Trace of(String name) {
    Trace trace = traces.get(name);
    if (trace == null) {
      throw new UnsupportedModelException("The shape of \"" + name + "\" is not known");
    }
    return trace;
  }
}
