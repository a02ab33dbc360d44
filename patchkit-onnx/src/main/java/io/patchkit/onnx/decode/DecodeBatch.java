package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Requests that are decoded together, a token each in one pass. Prompts are fed one by one before
 * they join, because GroupQueryAttention takes a batch with a past only for single tokens. Rows
 * join and leave between passes. Used by one thread at a time; {@link #close} is idempotent.
 */
final class DecodeBatch implements OpenState {

  private final DecoderSession session;
  private final DecoderLayout layout;
  private final BufferPool pool;
  private final BatchKeyValues keyValues;
  private final Map<String, OnnxTensor> inputs = new HashMap<>();
  private final Map<String, OnnxTensor> pinned = new HashMap<>();
  private final Set<String> requested = new HashSet<>();
  private int[] lengths = new int[2];
  private int[] firsts = new int[2];
  private volatile StepBuffers buffers;
  private int rows;

  DecodeBatch(DecoderSession session, BufferPool pool) throws OrtException {
    this.session = session;
    this.layout = session.layout();
    this.pool = pool;
    this.keyValues =
        layout.sharesBuffer()
            ? new SharedBatchKeyValues(session.environment(), layout, pool)
            : new PaddedBatchKeyValues(session.environment(), layout);
    try {
      this.buffers = pool.takeSteps(2);
    } catch (OrtException | RuntimeException e) {
      keyValues.close();
      throw e;
    }
  }

  /**
   * Whether a graph gives each row of a batch what the row would get alone. Rows of different
   * lengths are padded: where the graph appends to a shared buffer, behind, and its attention takes
   * each row's length from the mask; elsewhere in front, and there the positions have to be told. A
   * graph that counts them for itself, from the width of its past, would turn the new keys of a
   * padded row by as many positions too far.
   */
  static boolean supports(DecoderLayout layout) {
    return layout.attentionMask() != null
        && (layout.sharesBuffer() || layout.positionIds() != null);
  }

  int vocabularySize() {
    return layout.vocabularySize();
  }

  /** Native memory for the keys and values of the rows; see {@link BatchKeyValues#bytes}. */
  long keyValueBytes() {
    return keyValues.bytes();
  }

  /** Appends a request whose prompt has been fed; takes its state over. */
  void join(DecodeState prefilled) {
    session.guarded(
        () -> {
          if (rows == buffers.rows()) {
            StepBuffers larger = pool.takeSteps(2 * rows);
            pool.give(buffers);
            buffers = larger;
          }
          keyValues.join(prefilled);
          if (rows == lengths.length) {
            lengths = Arrays.copyOf(lengths, 2 * rows);
            firsts = Arrays.copyOf(firsts, 2 * rows);
          }
          lengths[rows] = prefilled.length();
          return rows++;
        });
  }

  /** Removes a row; the last row takes its place. */
  void leave(int row) {
    session.guarded(
        () -> {
          keyValues.leave(row);
          lengths[row] = lengths[--rows];
          return rows;
        });
  }

  /**
   * Feeds one token to every row.
   *
   * @param tokens one a row
   * @return [rows, vocabulary], valid until the next call
   */
  FloatBuffer next(int[] tokens) {
    return session.guarded(() -> run(tokens));
  }

  private FloatBuffer run(int[] tokens) throws OrtException {
    OrtEnvironment environment = session.environment();
    keyValues.makeRoom();
    List<OnnxTensor> temporary = new ArrayList<>(5);
    inputs.clear();
    pinned.clear();
    requested.clear();
    try {
      bind(
          layout.inputIds().name(),
          buffers.idColumn(environment, layout.inputIds(), tokens, rows),
          temporary);
      DecoderLayout.IntegerInput positions = layout.positionIds();
      if (positions != null) {
        bind(
            positions.name(),
            buffers.positionColumn(environment, positions, lengths, rows),
            temporary);
      }
      for (int row = 0; row < rows; row++) {
        firsts[row] = keyValues.first(row);
        lengths[row]++;
      }
      DecoderLayout.IntegerInput mask = layout.attentionMask();
      if (mask != null) {
        int width = keyValues.width() + 1;
        bind(
            mask.name(),
            buffers.maskRows(environment, mask, width, firsts, lengths, rows),
            temporary);
      }
      inputs.put(layout.softPrompt(), session.noSoftPrompt());
      String logitPositions = layout.logitPositions();
      if (logitPositions != null) {
        inputs.put(logitPositions, session.firstPosition());
      }
      OnnxTensor logits = logits(environment);
      temporary.add(logits);
      pinned.put(layout.logits(), logits);
      keyValues.bind(inputs, pinned, requested);
      long started = System.nanoTime();
      OrtSession.Result result = session.run(inputs, requested, pinned, buffers.runOptions());
      session.metrics().decoded(rows, System.nanoTime() - started);
      keyValues.accept(result);
      return buffers.logits(layout.logitsType(), rows);
    } finally {
      temporary.forEach(OnnxTensor::close);
    }
  }

  private void bind(String name, OnnxTensor tensor, List<OnnxTensor> temporary) {
    temporary.add(tensor);
    inputs.put(name, tensor);
  }

  private OnnxTensor logits(OrtEnvironment environment) throws OrtException {
    ByteBuffer memory = buffers.logitsMemory();
    int bytes = rows * layout.vocabularySize() * layout.logitsType().bytes();
    return OnnxTensor.createTensor(
        environment,
        memory.slice(0, bytes).order(memory.order()),
        new long[] {rows, 1, layout.vocabularySize()},
        layout.logitsType().javaType());
  }

  @Override
  public void terminate() throws OrtException {
    buffers.setTerminate(true);
  }

  @Override
  public void free() {
    keyValues.close();
    pool.give(buffers);
  }

  @Override
  public void close() {
    session.release(this);
  }
}
