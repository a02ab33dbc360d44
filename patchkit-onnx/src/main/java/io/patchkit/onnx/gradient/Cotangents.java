package io.patchkit.onnx.gradient;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The gradients that have arrived at each tensor from the nodes that read it; a tensor's gradient
 * is their sum.
 */
final class Cotangents {

  private record Part(int axis, long begin, long end, String gradient) {}

  private final Ops ops;
  private final Shapes shapes;
  private final Map<String, String> sums = new HashMap<>();
  private final Map<String, List<Part>> parts = new HashMap<>();

  Cotangents(Ops ops, Shapes shapes) {
    this.ops = ops;
    this.shapes = shapes;
  }

  void add(String tensor, String gradient) {
    String sum = sums.get(tensor);
    sums.put(tensor, sum == null ? gradient : ops.add(sum, gradient));
  }

  void addPart(String tensor, int axis, long begin, long end, String gradient) {
    parts
        .computeIfAbsent(tensor, key -> new ArrayList<>())
        .add(new Part(axis, begin, end, gradient));
  }

  /** The sum of all that arrived at {@code tensor}, or null if nothing did. */
  @Nullable String total(String tensor) {
    List<Part> arrived = parts.remove(tensor);
    if (arrived != null) {
      List<Part> open = new ArrayList<>(arrived);
      open.sort(Comparator.comparingInt(Part::axis).thenComparingLong(Part::begin));
      while (!open.isEmpty()) {
        add(tensor, join(tensor, takeRun(open)));
      }
    }
    return sums.get(tensor);
  }

  /** Takes parts of one axis that do not overlap, from the front on. */
  private static List<Part> takeRun(List<Part> open) {
    List<Part> run = new ArrayList<>();
    run.add(open.remove(0));
    for (int i = 0; i < open.size(); ) {
      Part last = run.get(run.size() - 1);
      Part next = open.get(i);
      if (next.axis() == last.axis() && next.begin() >= last.end()) {
        run.add(open.remove(i));
      } else {
        i++;
      }
    }
    return run;
  }

  /** One gradient in the shape of the tensor: the parts, and zeros between them. */
  private String join(String tensor, List<Part> run) {
    int axis = run.get(0).axis();
    long size = shapes.size(tensor, axis);
    List<String> pieces = new ArrayList<>();
    long covered = 0;
    for (Part part : run) {
      if (part.begin() > covered && run.size() > 1) {
        pieces.add(zeros(part.gradient(), axis, part.begin() - covered));
      }
      pieces.add(part.gradient());
      covered = part.end();
    }
    if (pieces.size() == 1) {
      Part only = run.get(0);
      return only.begin() == 0 && only.end() == size
          ? only.gradient()
          : pad(only.gradient(), shapes.rank(tensor), axis, only.begin(), size - only.end());
    }
    if (covered < size) {
      pieces.add(zeros(run.get(0).gradient(), axis, size - covered));
    }
    return ops.concat(axis, pieces);
  }

  private String pad(String x, int rank, int axis, long before, long after) {
    long[] pads = new long[2 * rank];
    pads[axis] = before;
    pads[rank + axis] = after;
    return ops.op("Pad", x, ops.longs(pads));
  }

  /** Zeros in the shape of {@code like}, but {@code size} wide along {@code axis}. */
  private String zeros(String like, int axis, long size) {
    String shape = ops.shape(like);
    String changed = ops.op("ScatterElements", shape, ops.longs(axis), ops.longs(size));
    return ops.op("ConstantOfShape", changed);
  }
}
