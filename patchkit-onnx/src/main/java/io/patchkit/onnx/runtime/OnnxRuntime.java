package io.patchkit.onnx.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.patchkit.EngineException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The one environment of ONNX Runtime in this process. Starting it on Linux, version 1.29 reads the
 * command line for its telemetry and matches it against patterns by recursion: a class path of some
 * 4,000 characters overflows the stack of an ordinary thread and ends the process without a word.
 * So it is started on a thread with a stack that is large enough, and its telemetry is then turned
 * off. Thread-safe.
 */
public final class OnnxRuntime {

  /** Enough for a command line of 400,000 characters; only what is touched takes memory. */
  private static final long STACK_BYTES = 256L << 20;

  private OnnxRuntime() {}

  /** The environment, started by the first call. */
  public static OrtEnvironment environment() {
    return Started.ENVIRONMENT;
  }

  /** Starts the environment once. */
  private static final class Started {
    static final OrtEnvironment ENVIRONMENT = start();

    private static OrtEnvironment start() {
      FutureTask<OrtEnvironment> start = new FutureTask<>(OnnxRuntime::quiet);
      new Thread(null, start, "onnxruntime-start", STACK_BYTES).start();
      boolean interrupted = false;
      try {
        while (true) {
          try {
            return start.get();
          } catch (InterruptedException e) {
            interrupted = true;
          } catch (ExecutionException e) {
            throw new EngineException("ONNX Runtime does not start: " + e.getCause(), e);
          }
        }
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  /** Not in the class that waits for it: its initialisation would wait for itself. */
  private static OrtEnvironment quiet() {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try {
      environment.setTelemetry(false);
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime keeps its telemetry on: " + e.getMessage(), e);
    }
    return environment;
  }
}
