package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.patchkit.EngineException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one request has put behind its prefix so far. Each call feeds tokens after those already
 * fed, in chunks, so that the memory of a pass does not grow with the prompt. Used by one thread at
 * a time; {@link #close} gives the memory back and is idempotent.
 */
final class DecodeState implements OpenState {

  /** Predicting gives a row of logits for each token; this many rows are held at once. */
  private static final int ROWS_AT_ONCE = 64;

  private final DecoderSession session;
  private final DecoderLayout layout;
  private final BufferPool pool;
  private final StepBuffers buffers;
  private final KeyValues keyValues;
  private final Map<String, OnnxTensor> inputs = new HashMap<>();
  private final Map<String, OnnxTensor> pinned = new HashMap<>();
  private final Set<String> requested = new HashSet<>();
  private final int[] single = new int[1];
  private int length;

  /**
   * Takes the keys and values over.
   *
   * @param length positions that they hold
   */
  DecodeState(DecoderSession session, BufferPool pool, KeyValues keyValues, int length)
      throws OrtException {
    this.session = session;
    this.layout = session.layout();
    this.pool = pool;
    this.buffers = pool.takeSteps();
    this.keyValues = keyValues;
    this.length = length;
  }

  /** Positions filled so far, prefix included. */
  int length() {
    return length;
  }

  /**
   * Feeds tokens and returns the logits of what follows the last one.
   *
   * @param tokens ids of the vocabulary, at least one
   * @param cancellation may end the feeding within a pass
   * @param overdue asked between chunks; true ends the feeding
   * @return [vocabulary], valid until the next call; null if the feeding was ended, after which the
   *     state is only good for closing
   */
  @Nullable FloatBuffer next(int[] tokens, Cancellation cancellation, BooleanSupplier overdue) {
    int from = 0;
    FloatBuffer logits = null;
    while (from < tokens.length) {
      int count = Math.min(buffers.chunk(), tokens.length - from);
      logits = pass(tokens, from, count, cancellation);
      from += count;
      if (logits == null || (from < tokens.length && overdue.getAsBoolean())) {
        return null;
      }
    }
    return logits;
  }

  /** Most tokens of one pass. */
  int chunk() {
    return buffers.chunk();
  }

  /**
   * Feeds some of the tokens in one pass, at most {@link #chunk}, and returns the logits of what
   * follows the last of them, valid until the next call; null if the pass was ended.
   */
  @Nullable FloatBuffer next(int[] tokens, int from, int count, Cancellation cancellation) {
    return pass(tokens, from, count, cancellation);
  }

  /** Like {@link #next(int[], Cancellation, BooleanSupplier)} without an early end. */
  FloatBuffer next(int[] tokens) {
    return next(tokens, session.noSoftPrompt());
  }

  private FloatBuffer next(int[] tokens, OnnxTensor soft) {
    int from = 0;
    while (tokens.length - from > buffers.chunk()) {
      pass(tokens, from, buffers.chunk(), 1, soft);
      from += buffers.chunk();
    }
    return pass(tokens, from, tokens.length - from, 1, soft);
  }

  /**
   * Feeds one token and returns the logits of what follows it, valid until the next call; null if
   * the pass was ended.
   */
  @Nullable FloatBuffer next(int token, Cancellation cancellation) {
    single[0] = token;
    return pass(single, 0, 1, cancellation);
  }

  /**
   * Feeds tokens some of which are virtual: id −1 stands for the first row of a soft prompt, −2 for
   * the second, and so on.
   *
   * @param tokens ids of the vocabulary or of rows, at least one
   * @param rows row-major [count, hidden] floats as the first layer receives them
   * @return the logits of what follows the last token, valid until the next call
   */
  FloatBuffer next(int[] tokens, ByteBuffer rows, int count) {
    return session.guarded(
        () -> {
          try (OnnxTensor soft =
              OnnxTensor.createTensor(
                  session.environment(),
                  rows,
                  new long[] {count, layout.hiddenSize()},
                  OnnxJavaType.FLOAT)) {
            return next(tokens, soft);
          }
        });
  }

  /**
   * Feeds all tokens but the last, and shows the logits from which each of the last ones follows.
   *
   * @param tokens prompt and continuation
   * @param predicted how many of the last tokens are the continuation; the first of them has at
   *     least one token before it
   */
  void predict(int[] tokens, int predicted, LogitsConsumer consumer) {
    int fed = tokens.length - 1;
    int firstPredicting = tokens.length - predicted - 1;
    int rowsAtOnce = layout.givesLastOnly() ? 1 : ROWS_AT_ONCE;
    int from = 0;
    while (from < fed) {
      boolean predicting = from >= firstPredicting;
      int limit = predicting ? rowsAtOnce : firstPredicting - from;
      int count = Math.min(Math.min(limit, fed - from), buffers.chunk());
      FloatBuffer rows = pass(tokens, from, count, predicting ? count : 1, session.noSoftPrompt());
      for (int i = 0; predicting && i < count; i++) {
        consumer.accept(from + i + 1, rows, i * layout.vocabularySize());
      }
      from += count;
    }
  }

  /** A copy of the keys and values of the positions so far, to start other requests from. */
  EncodedPrefix snapshot() {
    return session.guarded(
        () -> {
          List<ByteBuffer> planes = new ArrayList<>();
          for (int i = 0; i < 2 * layout.slots().size(); i++) {
            KeyValueSlot slot = layout.slots().get(i / 2);
            int position = slot.headDim() * layout.cacheType().bytes();
            int bytes = NativeMemory.size(1, length, (long) slot.heads() * position);
            ByteBuffer plane = NativeMemory.allocate(bytes);
            copyPlane(i, plane, 0, length * position);
            planes.add(plane);
          }
          return new EncodedPrefix(length, planes);
        });
  }

  /** Copies the keys or the values of one layer, of all positions so far; see {@link KeyValues}. */
  void copyPlane(int plane, ByteBuffer to, int at, int stride) {
    keyValues.copyPlane(plane, length, to, at, stride);
  }

  private @Nullable FloatBuffer pass(int[] tokens, int from, int count, Cancellation cancellation) {
    if (!cancellation.begin(buffers)) {
      return null;
    }
    try {
      return pass(tokens, from, count, 1, session.noSoftPrompt());
    } catch (EngineException e) {
      if (cancellation.isCancelled()) {
        return null; // The runtime reports a terminated pass as an error.
      }
      throw e;
    } finally {
      cancellation.end();
    }
  }

  private FloatBuffer pass(int[] tokens, int from, int count, int rows, OnnxTensor soft) {
    return session.guarded(() -> run(tokens, from, count, rows, soft));
  }

  /** One pass; returns the logits of the last {@code rows} of the fed tokens, row after row. */
  private FloatBuffer run(int[] tokens, int from, int count, int rows, OnnxTensor soft)
      throws OrtException {
    OrtEnvironment environment = session.environment();
    keyValues.makeRoom(length, length + count);
    List<OnnxTensor> temporary = new ArrayList<>(4);
    inputs.clear();
    pinned.clear();
    requested.clear();
    try {
      bind(
          layout.inputIds().name(),
          buffers.ids(environment, layout.inputIds(), tokens, from, count),
          temporary);
      DecoderLayout.IntegerInput mask = layout.attentionMask();
      if (mask != null) {
        bind(mask.name(), buffers.mask(environment, mask, length + count), temporary);
      }
      DecoderLayout.IntegerInput positions = layout.positionIds();
      if (positions != null) {
        bind(positions.name(), buffers.positions(environment, positions, length, count), temporary);
      }
      inputs.put(layout.softPrompt(), soft);
      String logitPositions = layout.logitPositions();
      if (logitPositions != null) {
        if (count == 1) {
          inputs.put(logitPositions, session.firstPosition());
        } else {
          bind(logitPositions, lastPositions(environment, count, rows), temporary);
        }
      }
      boolean pinLogits = rows == 1 && (logitPositions != null || count == 1);
      if (pinLogits) {
        pinned.put(layout.logits(), buffers.logitsTensor());
      } else {
        requested.add(layout.logits());
      }
      long started = System.nanoTime();
      OrtSession.Result result =
          keyValues.run(session, inputs, pinned, requested, buffers.runOptions());
      long nanos = System.nanoTime() - started;
      if (count == 1) {
        session.metrics().decoded(1, nanos);
      } else {
        session.metrics().prefilled(count, nanos);
      }
      length += count;
      return result == null || pinLogits
          ? buffers.logits(layout.logitsType(), 1)
          : lastRows(result, rows);
    } finally {
      temporary.forEach(OnnxTensor::close);
    }
  }

  private void bind(String name, OnnxTensor tensor, List<OnnxTensor> temporary) {
    temporary.add(tensor);
    inputs.put(name, tensor);
  }

  private static OnnxTensor lastPositions(OrtEnvironment environment, int count, int rows)
      throws OrtException {
    ByteBuffer positions = NativeMemory.allocate(8 * rows);
    for (int i = 0; i < rows; i++) {
      positions.putLong(8 * i, count - rows + i);
    }
    return OnnxTensor.createTensor(environment, positions, new long[] {rows}, OnnxJavaType.INT64);
  }

  private FloatBuffer lastRows(OrtSession.Result result, int rows) {
    try (OnnxTensor logits = (OnnxTensor) result.get(layout.logits()).orElseThrow()) {
      FloatBuffer all = HeapCopy.floats(logits);
      int wanted = rows * layout.vocabularySize();
      return all.slice(all.limit() - wanted, wanted);
    }
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
