package io.patchkit.onnx.graph;

/** One dimension of a declared shape: a size, or a name for a size known only at run time. */
public sealed interface Dim {

  /** A dimension of {@code size} elements. */
  record Fixed(long size) implements Dim {}

  /** A dimension that the graph calls {@code name}; the empty name where it gives none. */
  record Symbolic(String name) implements Dim {}

  static Dim of(long size) {
    return new Fixed(size);
  }

  static Dim of(String name) {
    return new Symbolic(name);
  }
}
