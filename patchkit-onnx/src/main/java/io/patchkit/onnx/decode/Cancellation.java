package io.patchkit.onnx.decode;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import org.jspecify.annotations.Nullable;

/**
 * A request's way out: asked by the thread that computes, set by any other. It reaches into the
 * pass that is running, so that even a long prompt is left within an operator. Thread-safe.
 */
final class Cancellation {

  private boolean cancelled;
  private OrtSession.@Nullable RunOptions running;

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

  /** Announces a pass; false if it must not start. */
  synchronized boolean begin(OrtSession.RunOptions pass) {
    if (cancelled) {
      return false;
    }
    running = pass;
    return true;
  }

  /** The announced pass is over; its options can serve another. */
  synchronized void end() {
    OrtSession.RunOptions pass = running;
    running = null;
    if (cancelled && pass != null) {
      terminate(pass, false);
    }
  }

  private static void terminate(OrtSession.RunOptions pass, boolean value) {
    try {
      pass.setTerminate(value);
    } catch (OrtException e) {
      throw new IllegalStateException("run options of a pass that is running are open", e);
    }
  }
}
