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
import io.patchkit.train.AnswerTokens;
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
 * The inputs of one run: rows as their {@link RowLayout} has them, their positions that carry loss,
 * the prefix. Holds native memory; whoever makes it closes it.
 */
final class Batch implements AutoCloseable {

  private final GraphInputs inputs;
  private final Map<String, OnnxTensor> feeds = new HashMap<>();
  private int lines;

  private Batch(GraphInputs inputs) {
    this.inputs = inputs;
  }

  /** Rows and their targets after one prefix, in the layout that costs least. */
  static Batch of(GraphInputs inputs, @Nullable Prefix prefix, List<TrainingRow> rows) {
    List<Prefix> prefixes = prefix == null ? List.of() : List.of(prefix);
    int[] firstTargets = rows.stream().mapToInt(row -> row.position(0)).toArray();
    return build(inputs, prefixes, rows, cheapest(inputs, prefixes, tokens(rows), firstTargets));
  }

  /** Rows of whose answers the {@code k} likeliest tokens are wanted, in the same layout. */
  static Batch of(GraphInputs inputs, @Nullable Prefix prefix, List<AnswerTokens> rows, int k) {
    List<Prefix> prefixes = prefix == null ? List.of() : List.of(prefix);
    int[][] known = new int[rows.size()][];
    for (int i = 0; i < known.length; i++) {
      // Nothing is predicted after the last token.
      int[] tokens = rows.get(i).tokens();
      known[i] = Arrays.copyOf(tokens, tokens.length - 1);
    }
    int[] firstTargets = rows.stream().mapToInt(AnswerTokens::firstPosition).toArray();
    RowLayout layout = cheapest(inputs, prefixes, known, firstTargets);
    return build(
        inputs,
        batch -> {
          batch.tokens(layout, past(prefixes));
          batch.prefixes(prefixes);
          batch.longs(LossHead.POSITIONS, predicting(layout, rows));
          batch.longs(LossHead.COUNT, new long[] {k});
        });
  }

  /** Where the tokens lie after which the tokens of the answers follow. */
  private static long[] predicting(RowLayout layout, List<AnswerTokens> rows) {
    long[] positions = new long[rows.stream().mapToInt(AnswerTokens::answerLength).sum()];
    int next = 0;
    for (int i = 0; i < rows.size(); i++) {
      AnswerTokens row = rows.get(i);
      for (int token = 0; token < row.answerLength(); token++) {
        positions[next++] = layout.at(i, row.firstPosition() + token - 1);
      }
    }
    return positions;
  }

  private static RowLayout cheapest(
      GraphInputs inputs, List<Prefix> prefixes, int[][] tokens, int[] firstTargets) {
    int virtual = virtual(prefixes);
    int past = past(prefixes);
    if (!inputs.has(GraphInputs.SEGMENTS)) {
      return RowLayout.padded(tokens, prefixes.size(), virtual, past);
    }
    // The token after which the first target is predicted is the row's own.
    int[] owned = Arrays.stream(firstTargets).map(position -> position - 1).toArray();
    return RowLayout.of(tokens, owned, virtual, past, inputs.maxWidth());
  }

  /**
   * Rows and their targets, each row in a line of its own.
   *
   * @param prefixes none, one for all rows, or one for each row, all of one kind and length
   */
  static Batch padded(GraphInputs inputs, List<? extends Prefix> prefixes, List<TrainingRow> rows) {
    return build(
        inputs,
        prefixes,
        rows,
        RowLayout.padded(tokens(rows), prefixes.size(), virtual(prefixes), past(prefixes)));
  }

  private static Batch build(
      GraphInputs inputs,
      List<? extends Prefix> prefixes,
      List<TrainingRow> rows,
      RowLayout layout) {
    return build(
        inputs,
        batch -> {
          TargetTable targets = TargetTable.of(rows);
          batch.tokens(layout, past(prefixes));
          batch.prefixes(prefixes);
          batch.longs(LossHead.POSITIONS, targets.positions(layout));
          batch.longs(LossHead.TARGETS, targets.ids(), targets.size(), targets.width());
          batch.floats(LossHead.WEIGHTS, targets.weights(), targets.size(), targets.width());
          batch.floats(LossHead.REST_WEIGHTS, targets.restWeights(), targets.size(), 1);
          batch.floats(LossHead.ARE_TARGETS, targets.areTargets(), targets.size(), targets.width());
        });
  }

  private static int[][] tokens(List<TrainingRow> rows) {
    int[][] tokens = new int[rows.size()][];
    for (int i = 0; i < tokens.length; i++) {
      TrainingRow row = rows.get(i);
      // No token after the last predicted position has a part in any probability.
      tokens[i] = Arrays.copyOf(row.tokens(), row.position(row.targets() - 1));
    }
    return tokens;
  }

  /** One text as it is, without a prefix. */
  static Batch of(GraphInputs inputs, int[] tokens) {
    return build(
        inputs,
        batch -> {
          batch.tokens(RowLayout.padded(new int[][] {tokens}, 1, 0, 0), 0);
          batch.prefixes(List.of());
        });
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

  /** How many positions keys and values take. */
  private static int past(List<? extends Prefix> prefixes) {
    return prefixes.isEmpty() ? 0 : prefixes.get(0).length() - virtual(prefixes);
  }

  private void tokens(RowLayout layout, int past) throws OrtException {
    lines = layout.lines();
    longs(ForwardGraph.IDS, layout.ids(), lines, layout.width());
    longs(GraphInputs.POSITIONS, layout.positions(), lines, layout.width());
    longs(GraphInputs.SEGMENTS, layout.segments(), lines, layout.width());
    long[] mask = new long[lines * (past + layout.width())];
    Arrays.fill(mask, 1);
    longs(GraphInputs.MASK, mask, lines, past + layout.width());
  }

  private void prefixes(List<? extends Prefix> prefixes) throws OrtException {
    softPrompts(prefixes);
    keyValues(prefixes);
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

  /** How many lines the batch has, each of which has a gradient of its own. */
  int lines() {
    return lines;
  }

  @Override
  public void close() {
    feeds.values().forEach(OnnxTensor::close);
  }
}
