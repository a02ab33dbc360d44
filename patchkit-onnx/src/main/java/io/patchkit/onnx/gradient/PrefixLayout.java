package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import java.util.List;

/**
 * How prefixes are fed: rows of {@code hidden} numbers for a soft prompt, one input for the keys
 * and one for the values of each layer.
 *
 * @param hidden the width of a soft prompt's row; 0 where the graph takes none
 * @param planes keys of layer 0, its values, keys of layer 1, and so on; empty where the graph
 *     takes none
 */
record PrefixLayout(int hidden, List<Plane> planes) {

  /** One input [1, heads, length, headDim]: the keys or the values of one layer. */
  record Plane(String input, int heads, int headDim) {}

  PrefixLayout {
    planes = List.copyOf(planes);
    for (Plane plane : planes) {
      Plane first = planes.get(0);
      if (plane.heads() != first.heads() || plane.headDim() != first.headDim()) {
        throw new UnsupportedModelException(
            "Expected keys and values of one size in all layers, found " + first + " and " + plane);
      }
    }
    if (planes.size() % 2 != 0) {
      throw new UnsupportedModelException(
          "Expected keys and values of every layer, found " + planes.size() + " inputs");
    }
  }

  boolean takesSoftPrompt() {
    return hidden > 0;
  }

  boolean takesKeyValues() {
    return !planes.isEmpty();
  }

  int layers() {
    return planes.size() / 2;
  }

  int heads() {
    return planes.get(0).heads();
  }

  int headDim() {
    return planes.get(0).headDim();
  }

  /** How many numbers the keys and values of one virtual token are. */
  int width() {
    return planes.size() * heads() * headDim();
  }

  boolean isPlane(String input) {
    return planes.stream().anyMatch(plane -> plane.input().equals(input));
  }

  /**
   * Adds what lies as an input does, [heads, length, headDim], to where {@link
   * io.patchkit.KeyValuePrefix#rows()} has it, [length, 2 · layers, heads, headDim].
   *
   * @param values from {@code from} on, the numbers of plane {@code index}
   */
  void addPlane(double[] rows, int index, float[] values, int from, int length) {
    int width = width();
    for (int head = 0; head < heads(); head++) {
      for (int position = 0; position < length; position++) {
        int source = from + (head * length + position) * headDim();
        int target = position * width + (index * heads() + head) * headDim();
        for (int i = 0; i < headDim(); i++) {
          rows[target + i] += values[source + i];
        }
      }
    }
  }
}
