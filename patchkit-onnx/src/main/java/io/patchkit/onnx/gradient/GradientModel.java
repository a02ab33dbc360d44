package io.patchkit.onnx.gradient;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.patchkit.EngineException;
import io.patchkit.onnx.graph.ModelFile;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * A decoder that tells how its log-probabilities change with a prefix.
 *
 * <p>Holds one inference session over the gradient graph; the weights stay in the decoder's files.
 * Whoever opens it closes it. Runs may come from several threads.
 */
public final class GradientModel implements AutoCloseable {

  private final GradientGraph graph;
  private final GradientOptions options;
  private final OrtSession session;
  private boolean isClosed;

  private GradientModel(GradientGraph graph, GradientOptions options, OrtSession session) {
    this.graph = graph;
    this.options = options;
    this.session = session;
  }

  /**
   * Differentiates a decoder and opens a session over the result.
   *
   * @param modelOnnx the decoder's {@code model.onnx}
   * @throws io.patchkit.CorruptModelException if it cannot be read
   * @throws io.patchkit.UnsupportedModelException if it cannot be differentiated; the message names
   *     the operators
   */
  public static GradientModel open(
      Path modelOnnx, Parametrisation parametrisation, GradientOptions options) {
    ModelFile file = ModelFile.read(modelOnnx);
    GradientGraph graph = GradientGraph.of(file, parametrisation);
    try (OrtSession.SessionOptions settings = new OrtSession.SessionOptions()) {
      Sessions.mapWeights(settings, file.folder());
      settings.setIntraOpNumThreads(options.threads());
      settings.setMemoryPatternOptimization(false);
      OrtSession session = OrtEnvironment.getEnvironment().createSession(graph.model(), settings);
      return new GradientModel(graph, options, session);
    } catch (OrtException e) {
      throw new EngineException("The gradient graph did not load: " + e.getMessage(), e);
    }
  }

  /** How many numbers one virtual token has. */
  public int prefixWidth() {
    return graph.inputs().prefix().width();
  }

  /**
   * Computes log-probabilities and gradients of a batch.
   *
   * @param prefix the trained numbers: [length, hidden] as they enter the first layer, or [length,
   *     2 · layers, heads, headDim] as {@link io.patchkit.KeyValuePrefix#rows()}
   * @throws IllegalArgumentException if the prefix is not a whole number of virtual tokens
   */
  public GradientStep run(List<Example> rows, float[] prefix) {
    float[][][] logProbabilities = new float[rows.size()][][];
    double[] objectives = new double[rows.size()];
    float[][] gradients = new float[rows.size()][];
    for (int from = 0; from < rows.size(); from += options.rowsPerRun()) {
      List<Example> part = rows.subList(from, Math.min(from + options.rowsPerRun(), rows.size()));
      try (Batch batch = Batch.of(graph.inputs(), part, prefix);
          OrtSession.Result result = run(batch)) {
        int next = 0;
        float[] logs = floats(result, LossHead.LOG_PROBABILITIES);
        int width = logs.length / positions(part);
        for (int i = 0; i < part.size(); i++) {
          Example row = part.get(i);
          logProbabilities[from + i] = new float[row.positions()][];
          for (int j = 0; j < row.positions(); j++) {
            float[] targets = new float[row.targets(j)];
            System.arraycopy(logs, next, targets, 0, targets.length);
            logProbabilities[from + i][j] = targets;
            for (int k = 0; k < targets.length; k++) {
              objectives[from + i] += (double) row.weight(j, k) * targets[k];
            }
            next += width;
          }
          gradients[from + i] = new float[prefix.length];
        }
        readGradients(result, prefix, gradients, from, part.size());
      } catch (OrtException e) {
        throw new EngineException("The gradient graph failed: " + e.getMessage(), e);
      }
    }
    return new GradientStep(logProbabilities, objectives, gradients);
  }

  private synchronized OrtSession.Result run(Batch batch) throws OrtException {
    if (isClosed) {
      throw new IllegalStateException("this GradientModel is closed");
    }
    return session.run(batch.feeds());
  }

  private void readGradients(
      OrtSession.Result result, float[] prefix, float[][] gradients, int from, int count)
      throws OrtException {
    PrefixLayout layout = graph.inputs().prefix();
    for (int i = 0; i < graph.gradients().size(); i++) {
      float[] values = floats(result, graph.gradients().get(i));
      int size = values.length / count;
      for (int row = 0; row < count; row++) {
        if (layout.isSoftPrompt()) {
          System.arraycopy(values, row * size, gradients[from + row], 0, size);
        } else {
          layout.putPlane(gradients[from + row], i, values, row * size, layout.length(prefix));
        }
      }
    }
  }

  private static float[] floats(OrtSession.Result result, String name) {
    FloatBuffer buffer = ((OnnxTensor) result.get(name).orElseThrow()).getFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  private static int positions(List<Example> rows) {
    int positions = 0;
    for (Example row : rows) {
      positions += row.positions();
    }
    return positions;
  }

  @Override
  public synchronized void close() {
    if (!isClosed) {
      isClosed = true;
      try {
        session.close();
      } catch (OrtException e) {
        throw new EngineException("The gradient session did not close: " + e.getMessage(), e);
      }
    }
  }
}
