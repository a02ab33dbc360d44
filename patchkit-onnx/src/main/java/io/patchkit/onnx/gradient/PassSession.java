package io.patchkit.onnx.gradient;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.patchkit.EngineException;
import io.patchkit.onnx.runtime.OnnxRuntime;
import io.patchkit.onnx.runtime.SessionSettings;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;

/** A session over one {@link Pass}. Weights stay in their files, mapped into memory. */
final class PassSession implements AutoCloseable {

  private final Pass pass;
  private final OrtSession session;

  private PassSession(Pass pass, OrtSession session) {
    this.pass = pass;
    this.session = session;
  }

  static PassSession open(Pass pass, GradientOptions options) {
    try (OrtSession.SessionOptions settings = mappingWeights(pass.folder())) {
      settings.setIntraOpNumThreads(options.threads());
      // Rows differ in length from run to run, so that no pattern of memory comes back.
      settings.setMemoryPatternOptimization(false);
      settings.setDeterministicCompute(true);
      // Run as written, all passes compute a log-probability by the same kernels: to the same bit.
      settings.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      return new PassSession(pass, OnnxRuntime.environment().createSession(pass.model(), settings));
    } catch (OrtException e) {
      throw new EngineException("The gradient graph did not load: " + e.getMessage(), e);
    }
  }

  /**
   * Settings that leave the weights in their files, mapped into memory: a session then costs its
   * activations only, and several sessions share one copy.
   */
  static OrtSession.SessionOptions mappingWeights(Path folder) throws OrtException {
    OrtSession.SessionOptions settings = SessionSettings.quiet(folder);
    settings.addConfigEntry("session.disable_prepacking", "1");
    return settings;
  }

  Pass pass() {
    return pass;
  }

  /** Runs a batch and returns the outputs in the pass's order. The caller closes the result. */
  OrtSession.Result run(Batch batch) {
    try {
      return session.run(batch.feeds());
    } catch (OrtException e) {
      throw new EngineException("The gradient graph failed: " + e.getMessage(), e);
    }
  }

  /** Output {@code index} of the pass, flattened. */
  float[] floats(OrtSession.Result result, int index) {
    FloatBuffer buffer = tensor(result, index).getFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  long[] longs(OrtSession.Result result, int index) {
    LongBuffer buffer = tensor(result, index).getLongBuffer();
    long[] values = new long[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  /** One dimension of output {@code index}. */
  int dim(OrtSession.Result result, int index, int axis) {
    return Math.toIntExact(tensor(result, index).getInfo().getShape()[axis]);
  }

  private OnnxTensor tensor(OrtSession.Result result, int index) {
    String name = pass.outputs().get(index);
    return (OnnxTensor)
        result.get(name).orElseThrow(() -> new EngineException("No output \"" + name + "\""));
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new EngineException("The gradient session did not close: " + e.getMessage(), e);
    }
  }
}
