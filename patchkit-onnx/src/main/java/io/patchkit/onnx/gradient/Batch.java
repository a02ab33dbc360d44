package io.patchkit.onnx.gradient;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.patchkit.onnx.graph.VirtualTokens;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The inputs of one run: rows padded on the right, their positions that carry loss, the prefix. */
final class Batch implements AutoCloseable {

  private final Map<String, OnnxTensor> feeds = new HashMap<>();

  private Batch() {}

  /**
   * Lays out a batch.
   *
   * @param prefix the trained numbers, in the layout of {@link PrefixLayout}
   */
  static Batch of(GradientInputs inputs, List<Example> rows, float[] prefix) throws OrtException {
    Batch batch = new Batch();
    try {
      batch.fill(inputs, rows, prefix);
      return batch;
    } catch (OrtException | RuntimeException e) {
      batch.close();
      throw e;
    }
  }

  private void fill(GradientInputs inputs, List<Example> rows, float[] prefix) throws OrtException {
    PrefixLayout layout = inputs.prefix();
    int length = layout.length(prefix);
    int virtual = layout.isSoftPrompt() ? length : 0;
    int past = length - virtual;
    int longest = 0;
    int positions = 0;
    int width = 0;
    for (Example row : rows) {
      longest = Math.max(longest, row.length());
      positions += row.positions();
      width = Math.max(width, row.width());
    }
    int tokens = virtual + Math.max(longest, 1 - virtual);
    long[] ids = new long[rows.size() * tokens];
    long[] lossPositions = new long[positions];
    long[] targets = new long[positions * width];
    float[] weights = new float[positions * width];
    int next = 0;
    for (int r = 0; r < rows.size(); r++) {
      Example row = rows.get(r);
      for (int i = 0; i < virtual; i++) {
        ids[r * tokens + i] = -1L - i;
      }
      for (int i = 0; i < row.length(); i++) {
        ids[r * tokens + virtual + i] = row.token(i);
      }
      for (int i = 0; i < row.positions(); i++) {
        lossPositions[next] = (long) r * tokens + virtual + row.position(i) - 1;
        for (int k = 0; k < row.targets(i); k++) {
          targets[next * width + k] = row.target(i, k);
          weights[next * width + k] = row.weight(i, k);
        }
        next++;
      }
    }
    longs(inputs.ids(), ids, rows.size(), tokens);
    longs(LossHead.POSITIONS, lossPositions, positions);
    if (inputs.hasLoss()) {
      longs(LossHead.TARGETS, targets, positions, width);
      floats(LossHead.WEIGHTS, weights, positions, width);
    }
    if (inputs.hasMask()) {
      long[] mask = new long[rows.size() * (past + tokens)];
      java.util.Arrays.fill(mask, 1);
      longs(GradientInputs.MASK, mask, rows.size(), past + tokens);
    }
    if (inputs.hasPositions()) {
      long[] absolute = new long[ids.length];
      for (int i = 0; i < absolute.length; i++) {
        absolute[i] = (long) past + i % tokens;
      }
      longs(GradientInputs.POSITIONS, absolute, rows.size(), tokens);
    }
    if (layout.isSoftPrompt()) {
      floats(VirtualTokens.ROWS, prefix, length, layout.hidden());
    } else {
      for (int i = 0; i < layout.planes().size(); i++) {
        PrefixLayout.Plane plane = layout.planes().get(i);
        floats(plane.input(), layout.plane(prefix, i), 1, plane.heads(), length, plane.headDim());
      }
    }
  }

  private void longs(String name, long[] values, long... shape) throws OrtException {
    feeds.put(
        name,
        OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), LongBuffer.wrap(values), shape));
  }

  private void floats(String name, float[] values, long... shape) throws OrtException {
    feeds.put(
        name,
        OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), shape));
  }

  Map<String, OnnxTensor> feeds() {
    return feeds;
  }

  @Override
  public void close() {
    feeds.values().forEach(OnnxTensor::close);
  }
}
