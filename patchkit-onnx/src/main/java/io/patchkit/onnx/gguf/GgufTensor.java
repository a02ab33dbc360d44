package io.patchkit.onnx.gguf;

import java.util.List;

/**
 * Where a tensor lies in the file.
 *
 * @param dims sizes, the fastest first
 * @param offset first byte, counted from the file's start
 * @param bytes length in the file
 */
record GgufTensor(String name, GgmlType type, List<Long> dims, long offset, long bytes) {

  GgufTensor {
    dims = List.copyOf(dims);
  }

  /** Weights of one row. */
  int columns() {
    return Math.toIntExact(dims.get(0));
  }

  /** Rows, all outer dimensions together. */
  int rows() {
    long rows = 1;
    for (int i = 1; i < dims.size(); i++) {
      rows *= dims.get(i);
    }
    return Math.toIntExact(rows);
  }

  int rowBytes() {
    return columns() / type.blockElements() * type.blockBytes();
  }
}
