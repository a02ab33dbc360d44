package io.patchkit.onnx.gradient;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.patchkit.EngineException;
import io.patchkit.onnx.graph.EmbeddingTable;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.runtime.OnnxRuntime;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Map;

/** Reads rows of a decoder's embedding table. */
final class EmbeddingReader implements AutoCloseable {

  private final OrtSession session;

  private EmbeddingReader(OrtSession session) {
    this.session = session;
  }

  static EmbeddingReader open(ModelFile file) {
    EmbeddingTable table = EmbeddingTable.of(file.graph(), ForwardGraph.IDS);
    try (OrtSession.SessionOptions settings = PassSession.mappingWeights(file.folder())) {
      // Optimised, the transpose of a tied table would be folded into a copy of it.
      settings.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      return new EmbeddingReader(
          OnnxRuntime.environment().createSession(table.graph().toBytes(), settings));
    } catch (OrtException e) {
      throw new EngineException("The embedding table did not load: " + e.getMessage(), e);
    }
  }

  /** Row-major [tokens, hidden]. */
  float[] read(int[] tokens) {
    long[] ids = new long[tokens.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = tokens[i];
    }
    try (OnnxTensor input =
            OnnxTensor.createTensor(
                OnnxRuntime.environment(), LongBuffer.wrap(ids), new long[] {1, ids.length});
        OrtSession.Result result = session.run(Map.of(ForwardGraph.IDS, input))) {
      FloatBuffer buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] rows = new float[buffer.remaining()];
      buffer.get(rows);
      return rows;
    } catch (OrtException e) {
      throw new EngineException("The embedding table failed: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new EngineException("The embedding session did not close: " + e.getMessage(), e);
    }
  }
}
