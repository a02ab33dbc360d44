package io.patchkit.onnx.gradient;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.patchkit.EmbeddingSpace;
import io.patchkit.EngineException;
import io.patchkit.IncompatiblePatchException;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.onnx.graph.VirtualTokens;
import io.patchkit.train.TrainingRow;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The inputs of one run: rows padded on the right, their positions that carry loss, the prefix.
 * Holds native memory; whoever makes it closes it.
 */
final class Batch implements AutoCloseable {

  private final GraphInputs inputs;
  private final Map<String, OnnxTensor> feeds = new HashMap<>();

  private Batch(GraphInputs inputs) {
    this.inputs = inputs;
  }

  /** Rows and their targets. */
  static Batch of(GraphInputs inputs, @Nullable Prefix prefix, List<TrainingRow> rows) {
    return build(
        inputs,
        batch -> {
          int[][] tokens = new int[rows.size()][];
          for (int i = 0; i < tokens.length; i++) {
            TrainingRow row = rows.get(i);
            // No token after the last predicted position has a part in any probability.
            tokens[i] = Arrays.copyOf(row.tokens(), row.position(row.targets() - 1));
          }
          TargetTable targets = TargetTable.of(rows);
          int width = batch.tokens(prefix, tokens);
          batch.longs(LossHead.POSITIONS, targets.positions(width, virtual(prefix)));
          batch.longs(LossHead.TARGETS, targets.ids(), targets.size(), targets.width());
          batch.floats(LossHead.WEIGHTS, targets.weights(), targets.size(), targets.width());
        });
  }

  /** One text, of which the positions from {@code first} on are to be predicted. */
  static Batch of(GraphInputs inputs, @Nullable Prefix prefix, int[] tokens, int first, int count) {
    return build(
        inputs,
        batch -> {
          batch.tokens(prefix, new int[][] {Arrays.copyOf(tokens, tokens.length - 1)});
          long[] positions = new long[tokens.length - first];
          for (int i = 0; i < positions.length; i++) {
            positions[i] = (long) virtual(prefix) + first + i - 1;
          }
          batch.longs(LossHead.POSITIONS, positions);
          batch.longs(LossHead.COUNT, new long[] {count});
        });
  }

  /** One text as it is, without a prefix. */
  static Batch of(GraphInputs inputs, int[] tokens) {
    return build(inputs, batch -> batch.tokens(null, new int[][] {tokens}));
  }

  private interface Filling {
    void fill(Batch batch) throws OrtException;
  }

  private static Batch build(GraphInputs inputs, Filling filling) {
    Batch batch = new Batch(inputs);
    try {
      filling.fill(batch);
      return batch;
    } catch (OrtException e) {
      batch.close();
      throw new EngineException("The batch did not fit into memory: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      batch.close();
      throw e;
    }
  }

  private static int virtual(@Nullable Prefix prefix) {
    return prefix instanceof SoftPrompt ? prefix.length() : 0;
  }

  /** Feeds tokens and prefix, and returns how many positions a row has in the graph. */
  private int tokens(@Nullable Prefix prefix, int[][] rows) throws OrtException {
    int virtual = virtual(prefix);
    int past = prefix == null ? 0 : prefix.length() - virtual;
    int width = 0;
    for (int[] row : rows) {
      width = Math.max(width, virtual + row.length);
    }
    long[] ids = new long[rows.length * width];
    long[] positions = new long[ids.length];
    for (int r = 0; r < rows.length; r++) {
      for (int i = 0; i < width; i++) {
        boolean isVirtual = i < virtual;
        boolean isPadding = i >= virtual + rows[r].length;
        ids[r * width + i] = isVirtual ? -1L - i : isPadding ? 0 : rows[r][i - virtual];
        positions[r * width + i] = (long) past + i;
      }
    }
    long[] mask = new long[rows.length * (past + width)];
    Arrays.fill(mask, 1);
    longs(ForwardGraph.IDS, ids, rows.length, width);
    longs(GraphInputs.MASK, mask, rows.length, past + width);
    longs(GraphInputs.POSITIONS, positions, rows.length, width);
    prefix(prefix);
    return width;
  }

  private void prefix(@Nullable Prefix prefix) throws OrtException {
    PrefixLayout layout = inputs.prefix();
    if (prefix instanceof SoftPrompt soft) {
      if (!layout.takesSoftPrompt() || soft.hiddenSize() != layout.hidden()) {
        throw misfit(prefix, "a soft prompt of width " + layout.hidden());
      }
      floats(VirtualTokens.ROWS, scaled(soft), soft.length(), soft.hiddenSize());
    } else if (layout.takesSoftPrompt()) {
      // The lookup needs a row even where no token reads one.
      floats(VirtualTokens.ROWS, new float[layout.hidden()], 1, layout.hidden());
    }
    KeyValuePrefix past = prefix instanceof KeyValuePrefix keyValues ? keyValues : null;
    if (past != null
        && (past.layers() != layout.layers()
            || past.keyValueHeads() != layout.heads()
            || past.headDim() != layout.headDim())) {
      throw misfit(past, "keys and values as of " + layout.planes());
    }
    for (int i = 0; i < layout.planes().size(); i++) {
      PrefixLayout.Plane plane = layout.planes().get(i);
      float[] values =
          past == null ? new float[0] : i % 2 == 0 ? past.keys(i / 2) : past.values(i / 2);
      int length = past == null ? 0 : past.length();
      floats(plane.input(), values, 1, plane.heads(), length, plane.headDim());
    }
  }

  /** The rows as the first layer receives them. */
  private float[] scaled(SoftPrompt soft) {
    float factor = scale(inputs, soft);
    float[] rows = soft.rows();
    for (int i = 0; i < rows.length; i++) {
      rows[i] *= factor;
    }
    return rows;
  }

  /** What a soft prompt's rows are multiplied by on their way into the first layer. */
  static float scale(GraphInputs inputs, SoftPrompt soft) {
    if (soft.space() == EmbeddingSpace.UNSPECIFIED && inputs.embeddingScale() != 1) {
      throw new IncompatiblePatchException(
          IncompatiblePatchException.Mismatch.EMBEDDING_SPACE,
          "Expected a soft prompt that says on which side of the embedding scale "
              + inputs.embeddingScale()
              + " it lives, found "
              + soft);
    }
    return soft.space() == EmbeddingSpace.TOKEN_TABLE ? inputs.embeddingScale() : 1;
  }

  private static IncompatiblePatchException misfit(Prefix prefix, String expected) {
    return new IncompatiblePatchException(
        IncompatiblePatchException.Mismatch.SHAPE, "Expected " + expected + ", found " + prefix);
  }

  private void longs(String name, long[] values, long... shape) throws OrtException {
    if (inputs.has(name)) {
      put(
          name,
          OnnxTensor.createTensor(
              OrtEnvironment.getEnvironment(),
              LongBuffer.wrap(values),
              shape(values.length, shape)));
    }
  }

  private void floats(String name, float[] values, long... shape) throws OrtException {
    if (inputs.has(name)) {
      put(
          name,
          OnnxTensor.createTensor(
              OrtEnvironment.getEnvironment(),
              FloatBuffer.wrap(values),
              shape(values.length, shape)));
    }
  }

  private static long[] shape(int length, long[] shape) {
    return shape.length == 0 ? new long[] {length} : shape;
  }

  private void put(String name, OnnxTensor tensor) {
    feeds.put(name, tensor);
  }

  Map<String, OnnxTensor> feeds() {
    return feeds;
  }

  @Override
  public void close() {
    feeds.values().forEach(OnnxTensor::close);
  }
}
