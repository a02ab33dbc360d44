package io.patchkit.onnx.gradient;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.patchkit.EmbeddingSpace;
import io.patchkit.EngineException;
import io.patchkit.KeyValuePrefix;
import io.patchkit.Prefix;
import io.patchkit.SoftPrompt;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import io.patchkit.onnx.graph.TensorInfo;
import io.patchkit.onnx.runtime.OnnxRuntime;
import io.patchkit.train.TrainingRow;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Learns the shape of every tensor by running the graph at two sizes that share no dimension. The
 * runtime knows the shapes of all its operators; no second account of them is kept here.
 */
final class ShapeProbe {

  /** Integer tensors up to this many elements are recorded with their values. */
  private static final int MAX_INTEGERS = 16;

  private ShapeProbe() {}

  /** One tensor in one run. */
  private record Seen(ElementType type, List<Long> dims, @Nullable List<Long> integers) {}

  /** Runs {@code graph} over two batches. */
  static Shapes run(Graph graph, Path folder, GraphInputs inputs) {
    try (Batch first = batch(inputs, 2, 5, 3);
        Batch second = batch(inputs, 3, 7, 4)) {
      return run(graph, folder, first.feeds(), second.feeds());
    } catch (OrtException e) {
      throw new EngineException(
          "The decoder did not run over a batch of short rows: " + e.getMessage(), e);
    }
  }

  /** A batch in which no two sizes are equal, and none is 1. */
  private static Batch batch(GraphInputs inputs, int rows, int tokens, int length) {
    int[] positions = new int[length];
    for (int i = 0; i < length; i++) {
      positions[i] = tokens - length + 1 + i;
    }
    TrainingRow row =
        TrainingRow.of(new int[tokens], positions, new int[length], new double[length]);
    PrefixLayout layout = inputs.prefix();
    int width = layout.takesSoftPrompt() ? layout.hidden() : layout.width();
    float[] numbers = new float[length * width];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = 0.01f * (i % 7 - 3);
    }
    Prefix prefix =
        layout.takesSoftPrompt()
            ? SoftPrompt.of(width, EmbeddingSpace.LAYER_INPUT, numbers)
            : KeyValuePrefix.of(layout.layers(), layout.heads(), layout.headDim(), numbers);
    return Batch.padded(inputs, List.of(prefix), Collections.nCopies(rows, row));
  }

  /**
   * Runs {@code graph} twice.
   *
   * @param first a batch for the graph's inputs; the second batch differs in every size
   */
  static Shapes run(
      Graph graph, Path folder, Map<String, OnnxTensor> first, Map<String, OnnxTensor> second)
      throws OrtException {
    Graph probe = graph.copy();
    List<TensorInfo> outputs = new ArrayList<>();
    for (Node node : probe.nodes()) {
      for (String output : node.outputs()) {
        if (!output.isEmpty()) {
          outputs.add(TensorInfo.inferred(output));
        }
      }
    }
    probe.setOutputs(outputs);
    probe.clearValueInfos();
    probe.forgetInputShapes();
    Map<String, Shapes.Trace> traces = new HashMap<>();
    for (Initializer initializer : graph.initializers()) {
      List<Long> dims = list(initializer.dims());
      traces.put(
          initializer.name(),
          new Shapes.Trace(initializer.type(), dims, dims, integers(graph, initializer)));
    }
    OrtEnvironment environment = OnnxRuntime.environment();
    try (OrtSession.SessionOptions options = PassSession.mappingWeights(folder)) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      try (OrtSession session = environment.createSession(probe.toBytes(), options)) {
        Map<String, Seen> a = run(session, first);
        Map<String, Seen> b = run(session, second);
        for (Map.Entry<String, Seen> entry : a.entrySet()) {
          Seen one = entry.getValue();
          Seen other = b.get(entry.getKey());
          if (other == null || one.dims().size() != other.dims().size()) {
            throw new UnsupportedModelException(
                "Expected \"" + entry.getKey() + "\" to have one rank, found several");
          }
          List<Long> integers =
              Objects.equals(one.integers(), other.integers()) ? one.integers() : null;
          traces.put(
              entry.getKey(), new Shapes.Trace(one.type(), one.dims(), other.dims(), integers));
        }
      }
    }
    return new Shapes(traces);
  }

  private static Map<String, Seen> run(OrtSession session, Map<String, OnnxTensor> feeds)
      throws OrtException {
    Map<String, Seen> seen = new HashMap<>();
    for (Map.Entry<String, OnnxTensor> feed : feeds.entrySet()) {
      seen.put(feed.getKey(), see(feed.getValue()));
    }
    try (OrtSession.Result result = session.run(feeds)) {
      for (Map.Entry<String, OnnxValue> output : result) {
        if (output.getValue() instanceof OnnxTensor tensor) {
          seen.put(output.getKey(), see(tensor));
        }
      }
    }
    return seen;
  }

  private static Seen see(OnnxTensor tensor) {
    // The Java binding numbers the types in its own way, but names them as ONNX does.
    String name = tensor.getInfo().onnxType.name();
    ElementType type = ElementType.valueOf(name.substring(name.lastIndexOf("TYPE_") + 5));
    long[] dims = tensor.getInfo().getShape();
    long count = 1;
    for (long dim : dims) {
      count *= dim;
    }
    List<Long> integers = null;
    if (count <= MAX_INTEGERS && (type == ElementType.INT64 || type == ElementType.INT32)) {
      ByteBuffer bytes = tensor.getByteBuffer().order(ByteOrder.nativeOrder());
      integers = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        integers.add(type == ElementType.INT64 ? bytes.getLong(8 * i) : (long) bytes.getInt(4 * i));
      }
    }
    return new Seen(type, list(dims), integers);
  }

  private static @Nullable List<Long> integers(Graph graph, Initializer initializer) {
    boolean isInteger =
        initializer.type() == ElementType.INT64 || initializer.type() == ElementType.INT32;
    if (!isInteger || initializer.type().byteSize(initializer.dims()) > 8 * MAX_INTEGERS) {
      return null;
    }
    Tensor value = graph.constant(initializer.name());
    return value == null ? null : list(value.longs());
  }

  private static List<Long> list(long[] values) {
    return Arrays.stream(values).boxed().toList();
  }
}
