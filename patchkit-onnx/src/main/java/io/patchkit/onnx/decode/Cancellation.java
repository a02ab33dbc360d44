package io.patchkit.onnx.decode;

import ai.onnxruntime.OrtException;
import io.patchkit.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * A request's way out: asked by the thread that computes, set by any other. It reaches into the
 * pass that is running, so that even a long prompt is left within an operator. Thread-safe.
 */
final class Cancellation {

  private boolean cancelled;
  private @Nullable StepBuffers running;

  /** A cancellation that never comes. */
  static Cancellation none() {
    return new Cancellation();
  }

  synchronized boolean isCancelled() {
    return cancelled;
  }

  /** Ends the request now or, where nothing runs, before its next pass. */
  synchronized void cancel() {
    cancelled = true;
    if (running != null) {
      terminate(running, true);
    }
  }

  /**
   * Announces a pass; false if it must not start.
   *
   * @param pass what it is fed with, which a close of the model may free at any time
   */
  synchronized boolean begin(StepBuffers pass) {
    if (cancelled) {
      return false;
    }
    running = pass;
    return true;
  }

  /** The announced pass is over; what it was fed with can serve another. */
  synchronized void end() {
    StepBuffers pass = running;
    running = null;
    if (cancelled && pass != null) {
      terminate(pass, false);
    }
  }

  private static void terminate(StepBuffers pass, boolean value) {
    try {
      pass.setTerminate(value);
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime failed to end a pass: " + e.getMessage(), e);
    }
  }
}
