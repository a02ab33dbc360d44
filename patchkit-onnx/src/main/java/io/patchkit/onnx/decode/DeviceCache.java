package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.Map;

/**
 * The keys and values of one request in the memory of the device that runs the graph. A pass reads
 * what the pass before it left there; nothing is copied through Java. Used by one thread at a time;
 * {@link #close} is idempotent.
 */
interface DeviceCache extends AutoCloseable {

  /** How the versions of ONNX Runtime begin whose C interface was tried. */
  String KNOWN_RUNTIME = "1.29.";

  /**
   * Runs a pass; what it gives as present is past in the next one.
   *
   * @param inputs all inputs by name, but for the past once there is one
   * @param pinned the outputs that are not keys or values, with the memory they are written to
   */
  void run(
      Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> pinned, OrtSession.RunOptions options)
      throws OrtException;

  @Override
  void close();

  /** Opens the caches of a session. Thread-safe; it holds nothing of a request. */
  @FunctionalInterface
  interface Source {

    /** A cache without positions, the caller's to close before the session. */
    DeviceCache open() throws OrtException;
  }
}
