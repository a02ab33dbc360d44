package io.patchkit.onnx.gradient;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.patchkit.EmbeddingSpace;
import io.patchkit.EngineException;
import io.patchkit.IncompatiblePatchException;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.onnx.graph.VirtualTokens;
import io.patchkit.onnx.runtime.OnnxRuntime;
import io.patchkit.train.TrainingRow;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
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

  /** Rows and their targets, after one prefix. */
  static Batch of(GraphInputs inputs, @Nullable Prefix prefix, List<TrainingRow> rows) {
    return of(inputs, prefix == null ? List.of() : List.of(prefix), rows);
  }

  /**
   * Rows and their targets.
   *
   * @param prefixes none, one for all rows, or one for each row, all of one kind and length
   */
  static Batch of(GraphInputs inputs, List<? extends Prefix> prefixes, List<TrainingRow> rows) {
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
          int width = batch.tokens(prefixes, tokens);
          batch.longs(LossHead.POSITIONS, targets.positions(width, virtual(prefixes)));
          batch.longs(LossHead.TARGETS, targets.ids(), targets.size(), targets.width());
          batch.floats(LossHead.WEIGHTS, targets.weights(), targets.size(), targets.width());
        });
  }

  /** One text, of which the positions from {@code first} on are to be predicted. */
  static Batch of(GraphInputs inputs, @Nullable Prefix prefix, int[] tokens, int first, int count) {
    return build(
        inputs,
        batch -> {
          List<Prefix> prefixes = prefix == null ? List.of() : List.of(prefix);
          batch.tokens(prefixes, new int[][] {Arrays.copyOf(tokens, tokens.length - 1)});
          long[] positions = new long[tokens.length - first];
          for (int i = 0; i < positions.length; i++) {
            positions[i] = (long) virtual(prefixes) + first + i - 1;
          }
          batch.longs(LossHead.POSITIONS, positions);
          batch.longs(LossHead.COUNT, new long[] {count});
        });
  }

  /** One text as it is, without a prefix. */
  static Batch of(GraphInputs inputs, int[] tokens) {
    return build(inputs, batch -> batch.tokens(List.of(), new int[][] {tokens}));
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

  /** How many positions of a row virtual tokens take. */
  private static int virtual(List<? extends Prefix> prefixes) {
    return !prefixes.isEmpty() && prefixes.get(0) instanceof SoftPrompt soft ? soft.length() : 0;
  }

  /** Feeds tokens and prefixes, and returns how many positions a row has in the graph. */
  private int tokens(List<? extends Prefix> prefixes, int[][] rows) throws OrtException {
    int virtual = virtual(prefixes);
    int past = prefixes.isEmpty() ? 0 : prefixes.get(0).length() - virtual;
    int width = 0;
    for (int[] row : rows) {
      width = Math.max(width, virtual + row.length);
    }
    long[] ids = new long[rows.length * width];
    long[] positions = new long[ids.length];
    for (int r = 0; r < rows.length; r++) {
      int firstRow = prefixes.size() > 1 ? r * virtual : 0;
      for (int i = 0; i < width; i++) {
        if (i < virtual) {
          ids[r * width + i] = -1L - firstRow - i;
        } else if (i < virtual + rows[r].length) {
          ids[r * width + i] = rows[r][i - virtual];
        }
        positions[r * width + i] = (long) past + i;
      }
    }
    long[] mask = new long[rows.length * (past + width)];
    Arrays.fill(mask, 1);
    longs(ForwardGraph.IDS, ids, rows.length, width);
    longs(GraphInputs.MASK, mask, rows.length, past + width);
    longs(GraphInputs.POSITIONS, positions, rows.length, width);
    softPrompts(prefixes);
    keyValues(prefixes);
    return width;
  }

  private void softPrompts(List<? extends Prefix> prefixes) throws OrtException {
    int hidden = inputs.prefix().hidden();
    List<float[]> parts = new ArrayList<>();
    for (Prefix prefix : prefixes) {
      if (prefix instanceof SoftPrompt soft) {
        if (soft.hiddenSize() != hidden) {
          throw misfit(prefix, "a soft prompt of width " + hidden);
        }
        parts.add(scaled(soft));
      }
    }
    // The lookup needs a row even where no token reads one.
    float[] rows = parts.isEmpty() ? new float[hidden] : join(parts);
    if (hidden > 0) {
      floats(VirtualTokens.ROWS, rows, rows.length / hidden, hidden);
    }
  }

  private void keyValues(List<? extends Prefix> prefixes) throws OrtException {
    PrefixLayout layout = inputs.prefix();
    List<KeyValuePrefix> pasts = new ArrayList<>();
    for (Prefix prefix : prefixes) {
      if (prefix instanceof KeyValuePrefix past) {
        if (!layout.takesKeyValues()
            || past.layers() != layout.layers()
            || past.keyValueHeads() != layout.heads()
            || past.headDim() != layout.headDim()) {
          throw misfit(past, "keys and values as of " + layout.planes());
        }
        pasts.add(past);
      }
    }
    for (int i = 0; i < layout.planes().size(); i++) {
      List<float[]> parts = new ArrayList<>();
      for (KeyValuePrefix past : pasts) {
        parts.add(i % 2 == 0 ? past.keys(i / 2) : past.values(i / 2));
      }
      floats(
          layout.planes().get(i).input(),
          join(parts),
          Math.max(1, pasts.size()),
          layout.heads(),
          pasts.isEmpty() ? 0 : pasts.get(0).length(),
          layout.headDim());
    }
  }

  private static float[] join(List<float[]> parts) {
    int length = 0;
    for (float[] part : parts) {
      length += part.length;
    }
    float[] whole = new float[length];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, whole, at, part.length);
      at += part.length;
    }
    return whole;
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
              OnnxRuntime.environment(), LongBuffer.wrap(values), shape(values.length, shape)));
    }
  }

  private void floats(String name, float[] values, long... shape) throws OrtException {
    if (inputs.has(name)) {
      put(
          name,
          OnnxTensor.createTensor(
              OnnxRuntime.environment(), FloatBuffer.wrap(values), shape(values.length, shape)));
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
