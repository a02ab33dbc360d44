package io.patchkit.onnx.gguf;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** An imported folder's graph in ONNX Runtime. */
final class ImportedModel implements AutoCloseable {

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  ImportedModel(byte[] graph, Path folder) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.addConfigEntry(
          "session.model_external_initializers_file_folder_path", folder.toString());
      session = environment.createSession(graph, options);
    }
  }

  /** The graph as it is. */
  static ImportedModel open(Path folder) throws IOException, OrtException {
    return new ImportedModel(Files.readAllBytes(folder.resolve("model.onnx")), folder);
  }

  /** The graph with activations left in single precision, so that only rounding is left. */
  static ImportedModel openExact(Path folder) throws IOException, OrtException {
    ModelProto.Builder model =
        ModelProto.parseFrom(Files.readAllBytes(folder.resolve("model.onnx"))).toBuilder();
    for (NodeProto.Builder node : model.getGraphBuilder().getNodeBuilderList()) {
      for (AttributeProto.Builder attribute : node.getAttributeBuilderList()) {
        if (attribute.getName().equals("accuracy_level")) {
          attribute.setI(0);
        }
      }
    }
    return new ImportedModel(model.build().toByteArray(), folder);
  }

  /** Logits of every position of one row, from an empty past. */
  float[][] logits(int[] ids) throws OrtException {
    return logits(ids, Map.of());
  }

  /**
   * Logits with more inputs than a decoder has.
   *
   * @param more arrays that become tensors, by input
   */
  float[][] logits(int[] ids, Map<String, ?> more) throws OrtException {
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try {
      for (Map.Entry<String, ?> input : more.entrySet()) {
        inputs.put(input.getKey(), OnnxTensor.createTensor(environment, input.getValue()));
      }
      long[] row = Arrays.stream(ids).asLongStream().toArray();
      long[] mask = new long[ids.length];
      Arrays.fill(mask, 1);
      inputs.put("input_ids", OnnxTensor.createTensor(environment, new long[][] {row}));
      inputs.put("attention_mask", OnnxTensor.createTensor(environment, new long[][] {mask}));
      for (NodeInfo input : session.getInputInfo().values()) {
        if (input.getName().startsWith("past")) {
          long[] shape = ((TensorInfo) input.getInfo()).getShape().clone();
          shape[0] = 1;
          shape[2] = 0;
          inputs.put(
              input.getName(),
              OnnxTensor.createTensor(environment, FloatBuffer.allocate(0), shape));
        }
      }
      try (OrtSession.Result result = session.run(inputs, Set.of("logits"))) {
        return ((float[][][]) result.get(0).getValue())[0];
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
