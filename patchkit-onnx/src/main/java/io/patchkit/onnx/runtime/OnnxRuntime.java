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

  /** Started once; keeps the environment, or why there is none. */
  private static final FutureTask<OrtEnvironment> START = new FutureTask<>(OnnxRuntime::quiet);

  private OnnxRuntime() {}

  /**
   * The environment, started by the first call.
   *
   * @throws EngineException if the runtime does not start; then every call does
   */
  public static OrtEnvironment environment() {
    if (!START.isDone()) {
      new Thread(null, START, "onnxruntime-start", STACK_BYTES).start();
    }
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return START.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw new EngineException(
              "ONNX Runtime does not start ("
                  + e.getCause()
                  + "); it unpacks its native library to java.io.tmpdir, which has to allow that",
              e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

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
