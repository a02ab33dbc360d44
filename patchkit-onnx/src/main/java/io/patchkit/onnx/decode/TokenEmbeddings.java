package io.patchkit.onnx.decode;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.patchkit.EngineException;
import io.patchkit.onnx.graph.EmbeddingTable;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.runtime.OnnxRuntime;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Map;

/**
 * Reads embeddings of tokens out of a model file. It loads the lookup alone, and only for the call:
 * this is asked for once when a patch is made, never in serving.
 */
final class TokenEmbeddings {

  private TokenEmbeddings() {}

  /** The embeddings as the first layer receives them, row-major [tokens, hidden]. */
  static float[] read(ModelFile file, DecoderEngine.Settings settings, String ids, int[] tokens) {
    EmbeddingTable table = EmbeddingTable.of(file.graph(), ids);
    OrtEnvironment environment = OnnxRuntime.environment();
    ByteBuffer input = NativeMemory.allocate(8 * tokens.length);
    for (int token : tokens) {
      input.putLong(token);
    }
    input.flip();
    try (OrtSession.SessionOptions options = DecoderLoader.options(file, settings)) {
      // The table stays in its file; only the rows that are read come to memory.
      options.addConfigEntry("session.disable_prepacking", "1");
      try (OrtSession session = environment.createSession(table.graph().toBytes(), options);
          OnnxTensor tensor =
              OnnxTensor.createTensor(
                  environment, input, new long[] {1, tokens.length}, OnnxJavaType.INT64);
          OrtSession.Result result = session.run(Map.of(ids, tensor))) {
        OnnxTensor vectors = (OnnxTensor) result.get(EmbeddingTable.VECTORS).orElseThrow();
        FloatBuffer rows = vectors.getFloatBuffer();
        float[] copy = new float[rows.remaining()];
        rows.get(copy);
        return copy;
      }
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime cannot read embeddings: " + e.getMessage(), e);
    }
  }
}
