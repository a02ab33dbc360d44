package io.patchkit.onnx.judge;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.util.List;
import java.util.Map;

/** How texts become the inputs of a classifier. Thread-safe. */
interface TextEncoding extends AutoCloseable {

  /**
   * Adds the inputs of some texts, one row each; whoever gave the map closes them.
   *
   * @param inputs by name, empty
   */
  void encode(OrtEnvironment environment, List<String> texts, Map<String, OnnxTensor> inputs)
      throws OrtException;

  /** Frees what the encoding holds. Idempotent. */
  @Override
  void close();
}
