package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.patchkit.EngineException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * The runtime's session over a decoder graph, and the one owner of its life. Passes share it; a
 * close ends the passes that are running and the states that are open, and frees the session. From
 * then on every use is an {@link IllegalStateException}. Thread-safe.
 */
final class DecoderSession implements AutoCloseable {

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final DecoderLayout layout;
  private final BufferPool pool;
  private final DeviceCache.@Nullable Source device;
  private final OnnxTensor noSoftPrompt;
  private final OnnxTensor firstPosition;
  private final EngineMetrics metrics;
  private final ReadWriteLock life = new ReentrantReadWriteLock();
  private final Set<OpenState> open = Collections.newSetFromMap(new IdentityHashMap<>());
  private volatile boolean closed;
  private boolean freed;

  /**
   * Takes ownership of the session.
   *
   * @param device where keys and values can stay; null for the processor's memory
   */
  DecoderSession(
      OrtEnvironment environment,
      OrtSession session,
      DecoderLayout layout,
      BufferPool pool,
      DeviceCache.@Nullable Source device,
      EngineMetrics metrics)
      throws OrtException {
    this.environment = environment;
    this.session = session;
    this.layout = layout;
    this.pool = pool;
    this.device = device;
    this.noSoftPrompt =
        OnnxTensor.createTensor(
            environment,
            NativeMemory.allocate(layout.hiddenSize() * Float.BYTES),
            new long[] {1, layout.hiddenSize()},
            OnnxJavaType.FLOAT);
    this.firstPosition =
        OnnxTensor.createTensor(
            environment, NativeMemory.allocate(Long.BYTES), new long[] {1}, OnnxJavaType.INT64);
    this.metrics = metrics;
  }

  OrtEnvironment environment() {
    return environment;
  }

  DecoderLayout layout() {
    return layout;
  }

  /** A soft prompt that no token refers to, for passes over ordinary tokens. */
  OnnxTensor noSoftPrompt() {
    return noSoftPrompt;
  }

  /** Asks for the logits of the only new position. */
  OnnxTensor firstPosition() {
    return firstPosition;
  }

  /** Whether requests that decode alone keep their keys and values on the device. */
  boolean keepsOnDevice() {
    return device != null;
  }

  EngineMetrics metrics() {
    return metrics;
  }

  /**
   * Opens the state of one request behind a prefix.
   *
   * @param positions to have room for at once, prefix included; more is made as it is needed
   */
  DecodeState open(EncodedPrefix prefix, int positions) {
    return guarded(
        () ->
            opened(
                layout.sharesBuffer()
                    ? new SharedKeyValues(layout, pool, prefix, positions)
                    : new GrowingKeyValues(environment, layout, prefix),
                prefix.length()));
  }

  /**
   * Like {@link #open}, for a request whose keys and values no other will start from: they stay on
   * the device where they can.
   */
  DecodeState openAlone(EncodedPrefix prefix, int positions) {
    DeviceCache.Source onDevice = device;
    return onDevice == null
        ? open(prefix, positions)
        : guarded(
            () ->
                opened(
                    new DeviceKeyValues(environment, layout, prefix, onDevice.open()),
                    prefix.length()));
  }

  private DecodeState opened(KeyValues keyValues, int length) throws OrtException {
    try {
      return opened(new DecodeState(this, pool, keyValues, length));
    } catch (OrtException | RuntimeException e) {
      keyValues.close();
      throw e;
    }
  }

  /** Opens a batch without rows. */
  DecodeBatch openBatch() {
    return guarded(() -> opened(new DecodeBatch(this, pool)));
  }

  private <T extends OpenState> T opened(T state) {
    synchronized (open) {
      open.add(state);
    }
    return state;
  }

  /** Frees what a state holds, unless {@link #close} has done so. */
  void release(OpenState state) {
    life.readLock().lock();
    try {
      boolean isOpen;
      synchronized (open) {
        isOpen = open.remove(state);
      }
      if (isOpen) {
        state.free();
      }
    } finally {
      life.readLock().unlock();
    }
  }

  /** One pass over the graph. */
  OrtSession.Result run(
      Map<String, OnnxTensor> inputs,
      Set<String> requested,
      Map<String, OnnxTensor> pinned,
      OrtSession.RunOptions options)
      throws OrtException {
    return session.run(inputs, requested, pinned, options);
  }

  /** Does something with native memory while the session cannot be closed. */
  <T> T guarded(NativeWork<T> work) {
    life.readLock().lock();
    try {
      requireOpen();
      return work.run();
    } catch (OrtException e) {
      requireOpen(); // A pass that the close has ended.
      throw new EngineException(
          "ONNX Runtime failed in a pass over the decoder: " + e.getMessage(), e);
    } finally {
      life.readLock().unlock();
    }
  }

  boolean isOpen() {
    return !closed;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the model is closed; requests need an open model");
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      for (OpenState state : openStates()) {
        state.terminate();
      }
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime failed to end a pass: " + e.getMessage(), e);
    } finally {
      free();
    }
  }

  /** What holds memory. */
  List<OpenState> openStates() {
    synchronized (open) {
      return new ArrayList<>(open);
    }
  }

  private void free() {
    life.writeLock().lock();
    try {
      if (freed) {
        return;
      }
      freed = true;
      openStates().forEach(this::release);
      pool.close();
      noSoftPrompt.close();
      firstPosition.close();
      session.close();
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime failed to free the decoder: " + e.getMessage(), e);
    } finally {
      life.writeLock().unlock();
    }
  }

  /** Work that calls the runtime. */
  interface NativeWork<T> {
    T run() throws OrtException;
  }
}
