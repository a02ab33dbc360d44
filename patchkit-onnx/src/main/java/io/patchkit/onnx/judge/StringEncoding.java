package io.patchkit.onnx.judge;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.util.List;
import java.util.Map;

/**
 * Texts as they are.
 *
 * @param input name
 * @param isColumn whether the input is [rows, 1] instead of [rows]
 */
record StringEncoding(String input, boolean isColumn) implements TextEncoding {

  @Override
  public void encode(OrtEnvironment environment, List<String> texts, Map<String, OnnxTensor> inputs)
      throws OrtException {
    long rows = texts.size();
    long[] shape = isColumn ? new long[] {rows, 1} : new long[] {rows};
    inputs.put(input, OnnxTensor.createTensor(environment, texts.toArray(new String[0]), shape));
  }

  @Override
  public void close() {
    // Holds nothing.
  }
}
