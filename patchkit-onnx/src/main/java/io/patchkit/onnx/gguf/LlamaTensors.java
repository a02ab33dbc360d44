package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A checkpoint's tensors by name and expected shape, and which of them were asked for. */
final class LlamaTensors {

  private final GgufFile file;
  private final Set<String> used = new HashSet<>();

  /**
   * A linear layer of the checkpoint.
   *
   * @param name of its tensors, less {@code .weight} and {@code .bias}
   * @param columns inputs
   * @param outputs outputs
   * @param interleaved rows of a head whose rows llama.cpp has interleaved; 0 where it has not
   */
  record Linear(String name, int columns, int outputs, int interleaved) {

    boolean hasBias(LlamaTensors tensors) {
      return tensors.has(name + ".bias");
    }
  }

  LlamaTensors(GgufFile file) {
    this.file = file;
  }

  boolean has(String name) {
    return file.tensor(name) != null;
  }

  /**
   * A weight of the expected shape.
   *
   * @throws CorruptModelException if it is missing or has another
   */
  WeightRows matrix(String name, int columns, int rows, int interleaved) {
    GgufTensor tensor = require(name);
    if (tensor.dims().size() != 2 || tensor.columns() != columns || tensor.rows() != rows) {
      throw new CorruptModelException(
          "tensor %s has shape %s; expected [%d, %d]"
              .formatted(name, tensor.dims(), columns, rows));
    }
    return new WeightRows(tensor, interleaved);
  }

  List<WeightRows> matrices(List<Linear> layers) {
    List<WeightRows> matrices = new ArrayList<>();
    for (Linear layer : layers) {
      matrices.add(
          matrix(layer.name() + ".weight", layer.columns(), layer.outputs(), layer.interleaved()));
    }
    return matrices;
  }

  /** The biases of stacked layers, zero where one has none; empty where none has. */
  float[] biases(List<Linear> layers) throws IOException {
    int total = 0;
    boolean any = false;
    for (Linear layer : layers) {
      total += layer.outputs();
      any |= layer.hasBias(this);
    }
    float[] stacked = new float[any ? total : 0];
    int base = 0;
    for (Linear layer : layers) {
      if (layer.hasBias(this)) {
        float[] bias = vector(layer.name() + ".bias", layer.outputs());
        for (int row = 0; row < bias.length; row++) {
          stacked[base + row] = bias[WeightRows.source(row, layer.interleaved())];
        }
      }
      base += layer.outputs();
    }
    return stacked;
  }

  /**
   * A vector of the expected length.
   *
   * @throws CorruptModelException if it is missing or has another
   */
  float[] vector(String name, int length) throws IOException {
    GgufTensor tensor = require(name);
    if (tensor.dims().size() != 1 || tensor.columns() != length) {
      throw new CorruptModelException(
          "tensor %s has shape %s; expected [%d]".formatted(name, tensor.dims(), length));
    }
    float[] values = new float[length];
    WeightRows rows = new WeightRows(tensor, 0);
    rows.forEachChunk(file, (bytes, first, count) -> rows.decode(bytes, 0, new Block(), values));
    return values;
  }

  /**
   * Refuses a checkpoint with tensors that were not asked for: a graph without them would compute
   * something else.
   */
  void requireAllUsed() {
    List<String> unused = new ArrayList<>();
    for (String name : file.tensors().keySet()) {
      if (!used.contains(name)) {
        unused.add(name);
      }
    }
    if (!unused.isEmpty()) {
      throw new UnsupportedModelException(
          "%d tensors have no place in a llama decoder, the first is %s"
              .formatted(unused.size(), unused.get(0)));
    }
  }

  private GgufTensor require(String name) {
    used.add(name);
    return file.require(name);
  }
}
