package io.patchkit.format;

import java.util.List;

/**
 * A tensor as a safetensors header announces it.
 *
 * @param begin its first byte, counted from the end of the header
 * @param size its elements, as many as the shape says
 */
record TensorEntry(String name, DType dtype, List<Long> shape, int size, long begin) {

  /** The byte after its last. */
  long end() {
    return begin + (long) size * dtype.bytes();
  }

  String location() {
    return JsonText.member("$", name);
  }
}
