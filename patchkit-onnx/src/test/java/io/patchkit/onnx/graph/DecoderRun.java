package io.patchkit.onnx.graph;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.patchkit.onnx.DecoderCase;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.HashMap;
import java.util.Map;

/** Runs a graph once over one row without a past, with whatever inputs it declares. */
final class DecoderRun {

  private DecoderRun() {}

  /** Feeds {@code ids} and {@code extra} and returns {@code output}, flattened. */
  static float[] run(
      DecoderCase model, byte[] bytes, long[] ids, Map<String, Object> extra, String output) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.addConfigEntry(
          "session.model_external_initializers_file_folder_path",
          model.folder().toRealPath().toString());
      try (OrtSession session = environment.createSession(bytes, options)) {
        Map<String, OnnxTensor> feeds = new HashMap<>();
        try {
          for (NodeInfo input : session.getInputInfo().values()) {
            feeds.put(input.getName(), feed(model, environment, input, ids, extra));
          }
          try (OrtSession.Result result = session.run(feeds)) {
            OnnxTensor tensor = (OnnxTensor) result.get(output).orElseThrow();
            FloatBuffer values = tensor.getFloatBuffer();
            float[] copy = new float[values.remaining()];
            values.get(copy);
            return copy;
          }
        } finally {
          feeds.values().forEach(OnnxTensor::close);
        }
      }
    } catch (OrtException | IOException e) {
      throw new AssertionError(e);
    }
  }

  private static OnnxTensor feed(
      DecoderCase model,
      OrtEnvironment environment,
      NodeInfo input,
      long[] ids,
      Map<String, Object> extra)
      throws OrtException {
    String name = input.getName();
    Object value = extra.get(name);
    if (value instanceof float[][] rows) {
      return OnnxTensor.createTensor(environment, rows);
    }
    if (value instanceof long[] list) {
      return OnnxTensor.createTensor(environment, list);
    }
    long[] row = ids.clone();
    for (int i = 0; i < row.length; i++) {
      switch (name) {
        case "attention_mask" -> row[i] = 1;
        case "position_ids" -> row[i] = i;
        default -> {}
      }
    }
    if (!name.startsWith("past_key_values")) {
      return OnnxTensor.createTensor(environment, LongBuffer.wrap(row), new long[] {1, row.length});
    }
    long[] shape = ((TensorInfo) input.getInfo()).getShape();
    shape[0] = 1;
    shape[2] = 0;
    // The builder leaves the width of the cache open.
    shape[3] = model.expected().at("/model/head_dim").asLong();
    return OnnxTensor.createTensor(environment, FloatBuffer.allocate(0), shape);
  }
}
