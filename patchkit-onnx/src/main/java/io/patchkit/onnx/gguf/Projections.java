package io.patchkit.onnx.gguf;

import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Adds matrix products and embedding lookups to a graph, each in the form its weight's format
 * allows: MatMul for floats, MatMulNBits for block codes, with the term of the offsets where the
 * format is affine (the equation is in the package's description). Not thread-safe.
 */
final class Projections {

  private static final String EMBED = "/model/embed_tokens";
  private static final String TABLE = "model.embed_tokens.weight";
  private static final String LOGITS = "logits";

  /** Activations are quantised to eight bits: the fast kernels, as llama.cpp does too. */
  private static final int ACCURACY_LEVEL = 4;

  private final GgufFile file;
  private final Graph graph;
  private final WeightPlan weights;
  private final boolean asFloats;

  /** The group sums of a value, by value and group length. */
  private final Map<String, String> groupSums = new HashMap<>();

  private final Map<List<Long>, String> constants = new HashMap<>();
  private @Nullable TiedHead tied;

  /** What the output projection needs of an embedding it shares. */
  private record TiedHead(WeightRows rows, @Nullable Quantised quantised) {}

  /** A quantised weight: where its codes will lie, and its other initializers. */
  private record Quantised(
      String name, BlockFormat format, Region codes, String scales, @Nullable String offsets) {}

  /**
   * @param asFloats whether every weight is decoded, whatever its format allows
   */
  Projections(GgufFile file, Graph graph, WeightPlan weights, boolean asFloats) {
    this.file = file;
    this.graph = graph;
    this.weights = weights;
    this.asFloats = asFloats;
  }

  /** The block format in which the graph keeps the rows, or null for floats. */
  private @Nullable BlockFormat format(WeightRows rows) {
    return asFloats ? null : rows.tensor().type().format();
  }

  /**
   * Adds {@code input · Wᵀ + bias}, W being the parts stacked.
   *
   * @param name of the projection's nodes
   * @param weight of the projection's initializers
   * @param bias one number for each output, or none
   * @return the product's name
   */
  String project(String name, String weight, String input, List<WeightRows> parts, float[] bias) {
    String result = name + "/MatMul/output_0";
    String product = bias.length == 0 ? result : name + "/MatMul/product";
    List<List<WeightRows>> runs = runsOfOneFormat(parts);
    if (runs.size() == 1) {
      product(name, weight, input, parts, product);
    } else {
      List<String> pieces = new ArrayList<>();
      for (int run = 0; run < runs.size(); run++) {
        String piece = name + "/part_" + run;
        pieces.add(piece + "/MatMul/output_0");
        product(piece, weight + "." + run, input, runs.get(run), pieces.get(run));
      }
      graph.add(Node.of("Concat", pieces, List.of(product)).with("axis", -1));
    }
    if (bias.length > 0) {
      String added = vector(weight + ".Add.bias", bias);
      graph.add(Node.of("Add", List.of(product, added), List.of(result)));
    }
    return result;
  }

  /**
   * Adds the lookup of the input ids' rows.
   *
   * @param shared whether {@link #tiedLogits} will use the same weight
   * @return the name of the rows
   */
  String embedding(WeightRows rows, boolean shared) {
    BlockFormat format = format(rows);
    Quantised quantised =
        format == null || format.affine()
            ? null
            : quantise(shared ? "lm_head.MatMul.weight" : TABLE, List.of(rows), format);
    if (shared) {
      tied = new TiedHead(rows, quantised);
    }
    return quantised == null ? lookup(rows) : codedLookup(rows, quantised);
  }

  private String lookup(WeightRows rows) {
    String table = floats(TABLE, List.of(rows), false);
    return graph.add(
        Node.of("Gather", List.of(table, "input_ids"), List.of(EMBED + "/Gather/output_0")));
  }

  /** A minimum has no place in GatherBlockQuantized: only for formats without. */
  private String codedLookup(WeightRows rows, Quantised weight) {
    BlockFormat format = weight.format();
    // A tied head has the same bytes under its own shape: Reshape would fold into a second copy.
    long rowBytes = (long) rows.columns() * format.bits() / 8;
    String codes = TABLE + "_Q" + format.bits();
    add(weights.initializer(codes, ElementType.UINT8, weight.codes(), rows.rows(), rowBytes));
    return graph.add(
        Node.of(
                "GatherBlockQuantized",
                List.of(codes, "input_ids", weight.scales()),
                List.of(EMBED + "/GatherBlockQuantized/output_0"))
            .in(Node.MICROSOFT)
            .with("bits", format.bits())
            .with("block_size", format.group())
            .with("gather_axis", 0)
            .with("quantize_axis", 1));
  }

  /** Adds the output projection of an embedding that the checkpoint uses for both. */
  void tiedLogits(String input) {
    TiedHead head = tied;
    if (head == null) {
      throw new IllegalStateException("the embedding was not declared shared");
    }
    if (head.quantised() == null) {
      graph.add(
          Node.of("FusedMatMul", List.of(input, TABLE), List.of(LOGITS))
              .in(Node.MICROSOFT)
              .with("transB", 1));
    } else {
      codedProduct("/lm_head", input, List.of(head.rows()), head.quantised(), LOGITS);
    }
  }

  /**
   * Adds the output projection of a weight of its own.
   *
   * <p>What selects positions or computes a loss looks for one product before the logits. The
   * affine formats would need two and are decoded instead.
   */
  void logits(String input, WeightRows rows) {
    BlockFormat format = format(rows);
    if (format == null || format.affine()) {
      floatProduct("lm_head", input, List.of(rows), LOGITS);
    } else {
      product("/lm_head", "lm_head", input, List.of(rows), LOGITS);
    }
  }

  /** Adds a float vector. */
  String vector(String name, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    Region region = weights.reserve(bytes.capacity());
    weights.add(region.bytes(), out -> region.write(out, 0, bytes.duplicate()));
    return add(weights.initializer(name, ElementType.FLOAT, region, values.length));
  }

  private List<List<WeightRows>> runsOfOneFormat(List<WeightRows> parts) {
    List<List<WeightRows>> runs = new ArrayList<>();
    @Nullable BlockFormat last = null;
    for (WeightRows part : parts) {
      BlockFormat format = format(part);
      if (runs.isEmpty() || !Objects.equals(format, last)) {
        runs.add(new ArrayList<>());
      }
      runs.get(runs.size() - 1).add(part);
      last = format;
    }
    return runs;
  }

  /** The product with parts of one format. */
  private void product(
      String name, String weight, String input, List<WeightRows> parts, String output) {
    BlockFormat format = format(parts.get(0));
    if (format == null) {
      floatProduct(weight, input, parts, output);
    } else {
      Quantised quantised = quantise(weight + ".MatMul.weight", parts, format);
      codedProduct(name, input, parts, quantised, output);
    }
  }

  private void floatProduct(String weight, String input, List<WeightRows> parts, String output) {
    String matrix = floats(weight + ".MatMul.weight", parts, true);
    graph.add(Node.of("MatMul", List.of(input, matrix), List.of(output)));
  }

  private void codedProduct(
      String name, String input, List<WeightRows> parts, Quantised weight, String output) {
    BlockFormat format = weight.format();
    int columns = parts.get(0).columns();
    int outputs = outputs(parts);
    int groups = columns / format.group();
    String codes = weight.name() + "_Q" + format.bits();
    add(
        weights.initializer(
            codes,
            ElementType.UINT8,
            weight.codes(),
            outputs,
            groups,
            format.group() * format.bits() / 8));
    String coded = weight.offsets() == null ? output : name + "/MatMul_Q" + format.bits();
    graph.add(
        Node.of("MatMulNBits", List.of(input, codes, weight.scales()), List.of(coded))
            .in(Node.MICROSOFT)
            .with("K", columns)
            .with("N", outputs)
            .with("bits", format.bits())
            .with("block_size", format.group())
            .with("accuracy_level", ACCURACY_LEVEL));
    if (weight.offsets() != null) {
      String sums = groupSums(input, columns, format.group());
      String offset = name + "/offsets/MatMul/output_0";
      graph.add(Node.of("MatMul", List.of(sums, weight.offsets()), List.of(offset)));
      graph.add(Node.of("Add", List.of(coded, offset), List.of(output)));
    }
  }

  /** [batch, tokens, columns] to [batch, tokens, columns / group], once for each value. */
  private String groupSums(String value, int columns, int group) {
    String name = value + "/groups_of_" + group;
    String known = groupSums.get(name);
    if (known != null) {
      return known;
    }
    String shape = constant(0, 0, columns / group, group);
    String grouped = graph.add("Reshape", name, value, shape);
    String sums =
        graph.add(
            Node.of("ReduceSum", List.of(grouped, constant(-1)), List.of(name + "/sums"))
                .with("keepdims", 0));
    groupSums.put(name, sums);
    return sums;
  }

  /** A vector of integers, once for each value. */
  private String constant(long... values) {
    List<Long> key = new ArrayList<>();
    for (long value : values) {
      key.add(value);
    }
    return constants.computeIfAbsent(
        key, absent -> graph.constant("/model/constants/INT64/" + key, Tensor.ofLongs(values)));
  }

  private Quantised quantise(String name, List<WeightRows> parts, BlockFormat format) {
    long outputs = outputs(parts);
    long columns = parts.get(0).columns();
    long groups = columns / format.group();
    Region codes = weights.reserve(outputs * columns * format.bits() / 8);
    Region scales = weights.reserve(outputs * groups * Float.BYTES);
    Region offsets = format.affine() ? weights.reserve(groups * outputs * Float.BYTES) : null;
    long bytes = codes.bytes() + scales.bytes() + (offsets == null ? 0 : offsets.bytes());
    weights.add(bytes, new QuantisedMatrix(file, parts, format, codes, scales, offsets));
    return new Quantised(
        name,
        format,
        codes,
        add(weights.initializer(name + "_scales", ElementType.FLOAT, scales, outputs, groups)),
        offsets == null
            ? null
            : add(
                weights.initializer(
                    name + "_offsets", ElementType.FLOAT, offsets, groups, outputs)));
  }

  private String floats(String name, List<WeightRows> parts, boolean transposed) {
    long outputs = outputs(parts);
    long columns = parts.get(0).columns();
    Region region = weights.reserve(outputs * columns * Float.BYTES);
    weights.add(region.bytes(), new FloatMatrix(file, parts, region, transposed));
    return add(
        transposed
            ? weights.initializer(name, ElementType.FLOAT, region, columns, outputs)
            : weights.initializer(name, ElementType.FLOAT, region, outputs, columns));
  }

  private String add(Initializer initializer) {
    graph.add(initializer);
    return initializer.name();
  }

  private static int outputs(List<WeightRows> parts) {
    long outputs = 0;
    for (WeightRows part : parts) {
      outputs += part.rows();
    }
    return Math.toIntExact(outputs);
  }
}
