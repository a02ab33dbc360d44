package io.patchkit.onnx.gradient;

import java.util.List;

/**
 * How the trained numbers lie in one array: [length, hidden] for a soft prompt; [length, 2 ·
 * layers, heads, headDim] for keys and values, the key of layer l at 2l and its value at 2l + 1
 * (the layout of PEFT's prefix tuning and of {@link io.patchkit.KeyValuePrefix}).
 *
 * @param hidden the width of a soft prompt's row; 0 for keys and values
 * @param planes the inputs for keys and values; empty for a soft prompt
 */
record PrefixLayout(int hidden, List<Plane> planes) {

  /** One input [1, heads, length, headDim]: the keys or the values of one layer. */
  record Plane(String input, int heads, int headDim) {

    int width() {
      return heads * headDim;
    }
  }

  PrefixLayout {
    planes = List.copyOf(planes);
  }

  boolean isSoftPrompt() {
    return planes.isEmpty();
  }

  /** How many numbers one virtual token has. */
  int width() {
    int width = hidden;
    for (Plane plane : planes) {
      width += plane.width();
    }
    return width;
  }

  /** How many virtual tokens {@code prefix} holds; key/values may be none, which is the base. */
  int length(float[] prefix) {
    if (prefix.length % width() != 0 || (prefix.length == 0 && isSoftPrompt())) {
      throw new IllegalArgumentException(
          "prefix must be a multiple of " + width() + " numbers long, found " + prefix.length);
    }
    return prefix.length / width();
  }

  /** The numbers of plane {@code index} as its input takes them. */
  float[] plane(float[] prefix, int index) {
    int length = length(prefix);
    Plane plane = planes.get(index);
    int offset = offset(index);
    float[] values = new float[plane.width() * length];
    for (int position = 0; position < length; position++) {
      for (int head = 0; head < plane.heads(); head++) {
        System.arraycopy(
            prefix,
            position * width() + offset + head * plane.headDim(),
            values,
            (head * length + position) * plane.headDim(),
            plane.headDim());
      }
    }
    return values;
  }

  /** Puts one row's gradient of plane {@code index} where the plane lies in {@code gradient}. */
  void putPlane(float[] gradient, int index, float[] values, int from, int length) {
    Plane plane = planes.get(index);
    int offset = offset(index);
    for (int position = 0; position < length; position++) {
      for (int head = 0; head < plane.heads(); head++) {
        System.arraycopy(
            values,
            from + (head * length + position) * plane.headDim(),
            gradient,
            position * width() + offset + head * plane.headDim(),
            plane.headDim());
      }
    }
  }

  private int offset(int index) {
    int offset = 0;
    for (Plane plane : planes.subList(0, index)) {
      offset += plane.width();
    }
    return offset;
  }
}
