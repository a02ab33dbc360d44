package io.patchkit.onnx.gradient;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.patchkit.onnx.graph.Dim;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import io.patchkit.onnx.graph.TensorInfo;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleSupplier;

/**
 * Compares a rule's gradient with finite differences: J = Σ c · y for random c, along a direction
 * that is half the gradient's own and half random, so that an error in any direction shows.
 */
final class RuleCheck {

  private final Random random;
  private final Graph graph;
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Map<String, float[]> values = new LinkedHashMap<>();
  private final Set<String> growing = new java.util.HashSet<>();
  private DoubleSupplier numbers;

  RuleCheck(Random random) {
    this(random, 21);
  }

  RuleCheck(Random random, int opset) {
    this.random = random;
    this.graph = new Graph(10, opset);
    this.numbers = random::nextGaussian;
    graph.importOpset(Node.MICROSOFT, 1);
  }

  /** From where the inputs that follow take their numbers; normal ones unless told. */
  RuleCheck numbers(DoubleSupplier source) {
    numbers = source;
    return this;
  }

  /** An input with respect to which the gradient is checked. */
  RuleCheck input(String name, long... dims) {
    Dim[] open = new Dim[dims.length];
    Arrays.fill(open, Dim.of(""));
    graph.addInput(TensorInfo.of(name, ElementType.FLOAT, open));
    shapes.put(name, dims);
    float[] drawn = new float[(int) count(dims)];
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = (float) numbers.getAsDouble();
    }
    values.put(name, drawn);
    return this;
  }

  /** An input whose first dimension depends on the batch. */
  RuleCheck growingInput(String name, long... dims) {
    growing.add(name);
    return input(name, dims);
  }

  RuleCheck constant(String name, Tensor value) {
    graph.add(io.patchkit.onnx.graph.Initializer.of(name, value));
    return this;
  }

  /** A constant of the numbers that inputs are made of. */
  RuleCheck constant(String name, long... dims) {
    float[] drawn = new float[(int) count(dims)];
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = (float) numbers.getAsDouble();
    }
    return constant(name, Tensor.ofFloats(dims, drawn));
  }

  RuleCheck node(Node node) {
    graph.add(node);
    return this;
  }

  RuleCheck node(String opType, String output, String... inputs) {
    return node(Node.of(opType, List.of(inputs), List.of(output)));
  }

  /** The relative error of the directional derivative of the sum over {@code outputs}. */
  double error(String... outputs) {
    try {
      return measure(List.of(outputs));
    } catch (OrtException e) {
      throw new AssertionError(e);
    }
  }

  private double measure(List<String> outputs) throws OrtException {
    Map<String, float[]> results = new HashMap<>();
    Map<String, long[]> dims = new HashMap<>();
    for (String output : outputs) {
      graph.addOutput(TensorInfo.inferred(output));
    }
    run(graph, outputs, values, results, dims);
    Map<String, String> seeds = new HashMap<>();
    Map<String, float[]> weights = new HashMap<>();
    for (String output : outputs) {
      float[] c = new float[results.get(output).length];
      for (int i = 0; i < c.length; i++) {
        c[i] = (float) random.nextGaussian();
      }
      weights.put(output, c);
      seeds.put(output, "c_" + output);
    }
    Shapes traced = probe();
    Graph gradient = graph.copy();
    for (String output : outputs) {
      Dim[] open = new Dim[dims.get(output).length];
      Arrays.fill(open, Dim.of(""));
      gradient.addInput(TensorInfo.of("c_" + output, ElementType.FLOAT, open));
    }
    List<String> names = new ArrayList<>(values.keySet());
    Map<String, String> gradients =
        new ReverseWalk(gradient, traced)
            .differentiate(gradient.sorted(), seeds, Set.copyOf(names));
    gradient.setOutputs(gradients.values().stream().map(TensorInfo::inferred).toList());
    Map<String, float[]> feeds = new LinkedHashMap<>(values);
    for (String output : outputs) {
      feeds.put("c_" + output, weights.get(output));
      shapes.put("c_" + output, dims.get(output));
    }
    Map<String, float[]> computed = new HashMap<>();
    run(gradient, List.copyOf(gradients.values()), feeds, computed, new HashMap<>());
    return compare(names, outputs, gradients, computed, weights);
  }

  private double compare(
      List<String> names,
      List<String> outputs,
      Map<String, String> gradients,
      Map<String, float[]> computed,
      Map<String, float[]> weights)
      throws OrtException {
    Map<String, float[]> direction = new HashMap<>();
    double norm = 0;
    double randomNorm = 0;
    for (String name : names) {
      float[] step = new float[values.get(name).length];
      float[] g = computed.get(gradients.get(name));
      if (g.length != step.length) {
        return Double.POSITIVE_INFINITY;
      }
      for (int i = 0; i < step.length; i++) {
        step[i] = (float) random.nextGaussian();
        norm += (double) g[i] * g[i];
        randomNorm += (double) step[i] * step[i];
      }
      direction.put(name, step);
    }
    norm = Math.sqrt(norm);
    randomNorm = Math.sqrt(randomNorm);
    double expected = 0;
    for (String name : names) {
      float[] step = direction.get(name);
      float[] g = computed.get(gradients.get(name));
      for (int i = 0; i < step.length; i++) {
        step[i] = (float) (step[i] / randomNorm + (norm == 0 ? 0 : g[i] / norm));
        expected += (double) step[i] * g[i];
      }
    }
    double best = Double.POSITIVE_INFINITY;
    for (double h : new double[] {3e-2, 1e-2, 3e-3}) {
      double difference =
          (objective(outputs, direction, h, weights) - objective(outputs, direction, -h, weights))
              / (2 * h);
      best = Math.min(best, Math.abs(difference - expected) / Math.max(norm, 1e-3));
    }
    return best;
  }

  private double objective(
      List<String> outputs, Map<String, float[]> direction, double h, Map<String, float[]> weights)
      throws OrtException {
    Map<String, float[]> moved = new LinkedHashMap<>();
    for (Map.Entry<String, float[]> entry : values.entrySet()) {
      float[] copy = entry.getValue().clone();
      for (int i = 0; i < copy.length; i++) {
        copy[i] += (float) (h * direction.get(entry.getKey())[i]);
      }
      moved.put(entry.getKey(), copy);
    }
    Map<String, float[]> results = new HashMap<>();
    run(graph, outputs, moved, results, new HashMap<>());
    double sum = 0;
    for (String output : outputs) {
      for (int i = 0; i < weights.get(output).length; i++) {
        sum += (double) weights.get(output)[i] * results.get(output)[i];
      }
    }
    return sum;
  }

  private Shapes probe() throws OrtException {
    Map<String, OnnxTensor> first = new HashMap<>();
    Map<String, OnnxTensor> second = new HashMap<>();
    for (Map.Entry<String, float[]> entry : values.entrySet()) {
      long[] dims = shapes.get(entry.getKey());
      first.put(entry.getKey(), tensor(entry.getValue(), dims));
      long[] other = dims.clone();
      if (growing.contains(entry.getKey())) {
        other[0]++;
      }
      float[] longer = new float[(int) count(other)];
      Arrays.fill(longer, 1);
      second.put(entry.getKey(), tensor(longer, other));
    }
    return ShapeProbe.run(graph, Path.of("."), first, second);
  }

  private void run(
      Graph graph,
      List<String> outputs,
      Map<String, float[]> feeds,
      Map<String, float[]> results,
      Map<String, long[]> dims)
      throws OrtException {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    for (Map.Entry<String, float[]> feed : feeds.entrySet()) {
      tensors.put(feed.getKey(), tensor(feed.getValue(), shapes.get(feed.getKey())));
    }
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session =
              OrtEnvironment.getEnvironment().createSession(graph.toBytes(), options);
          OrtSession.Result result = session.run(tensors)) {
        for (String output : outputs) {
          OnnxTensor tensor = (OnnxTensor) result.get(output).orElseThrow();
          FloatBuffer buffer = tensor.getFloatBuffer();
          float[] copy = new float[buffer.remaining()];
          buffer.get(copy);
          results.put(output, copy);
          dims.put(output, tensor.getInfo().getShape());
        }
      }
    }
  }

  private static OnnxTensor tensor(float[] numbers, long[] dims) throws OrtException {
    return OnnxTensor.createTensor(
        OrtEnvironment.getEnvironment(), FloatBuffer.wrap(numbers), dims);
  }

  private static long count(long[] dims) {
    long count = 1;
    for (long dim : dims) {
      count *= dim;
    }
    return count;
  }
}
