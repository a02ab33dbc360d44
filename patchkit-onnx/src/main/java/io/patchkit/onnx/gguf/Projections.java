package io.patchkit.onnx.gguf;

import static ai.onnx.proto.OnnxMl.TensorProto.DataType.FLOAT;
import static ai.onnx.proto.OnnxMl.TensorProto.DataType.UINT8;

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

  private static final String MICROSOFT = "com.microsoft";

  private static final String EMBED = "/model/embed_tokens";
  private static final String TABLE = "model.embed_tokens.weight";

  /** Activations are quantised to eight bits: the fast kernels, as llama.cpp does too. */
  private static final int ACCURACY_LEVEL = 4;

  private final GgufFile file;
  private final GraphWriter graph;

  /** The group sums of a value, by value and group length. */
  private final Map<String, String> groupSums = new HashMap<>();

  private @Nullable TiedHead tied;

  /** What the output projection needs of an embedding it shares. */
  private record TiedHead(WeightRows rows, @Nullable Quantised quantised) {}

  /** The initializers of a quantised weight. */
  private record Quantised(
      BlockFormat format,
      Region codeRegion,
      String codes,
      String scales,
      @Nullable String offsets) {}

  Projections(GgufFile file, GraphWriter graph) {
    this.file = file;
    this.graph = graph;
  }

  /**
   * Adds {@code input · Wᵀ + bias}, W being the parts stacked.
   *
   * @param name of the projection's nodes
   * @param weight of the projection's initializers
   * @param bias one number for each output, or none
   * @param output name of the product; null to derive one from {@code name}
   * @return the product's name
   */
  String project(
      String name,
      String weight,
      String input,
      List<WeightRows> parts,
      float[] bias,
      @Nullable String output) {
    String result = output == null ? name + "/MatMul/output_0" : output;
    String product = bias.length == 0 ? result : name + "/MatMul/product";
    List<List<WeightRows>> runs = runsOfOneFormat(parts);
    if (runs.size() == 1) {
      product(name, weight, input, parts, product);
    } else {
      List<String> pieces = new ArrayList<>();
      for (int run = 0; run < runs.size(); run++) {
        String piece = name + "/part_" + run;
        pieces.add(piece + "/MatMul/output_0");
        product(piece, weight + "." + run, input, runs.get(run), piece + "/MatMul/output_0");
      }
      graph.node("", "Concat", name + "/Concat", pieces, List.of(product), Map.of("axis", -1));
    }
    if (bias.length > 0) {
      String added = vector(weight + ".Add.bias", bias);
      graph.node("", "Add", name + "/Add", List.of(product, added), List.of(result), Map.of());
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
    BlockFormat format = rows.tensor().type().format();
    Quantised quantised = null;
    if (format != null && (shared || !format.affine())) {
      String weight = shared ? "lm_head.MatMul.weight" : TABLE;
      quantised = quantise(weight, List.of(rows), format);
    }
    String result =
        quantised == null || quantised.offsets() != null
            ? lookup(rows)
            : codedLookup(rows, quantised);
    if (shared) {
      tied = new TiedHead(rows, quantised);
    }
    return result;
  }

  private String lookup(WeightRows rows) {
    String table = floats(TABLE, List.of(rows), false);
    return graph.node("", "Gather", EMBED + "/Gather", List.of(table, "input_ids"), Map.of());
  }

  /** A minimum has no place in GatherBlockQuantized: only for formats without. */
  private String codedLookup(WeightRows rows, Quantised weight) {
    BlockFormat format = weight.format();
    // The same bytes under the lookup's shape: a Reshape would be folded into a second copy.
    String codes =
        graph.external(
            TABLE + "_Q" + format.bits() + "_rows",
            UINT8,
            weight.codeRegion(),
            rows.rows(),
            (long) rows.columns() * format.bits() / 8);
    return graph.node(
        MICROSOFT,
        "GatherBlockQuantized",
        EMBED + "/GatherBlockQuantized",
        List.of(codes, "input_ids", weight.scales()),
        Map.of(
            "bits",
            format.bits(),
            "block_size",
            format.group(),
            "gather_axis",
            0,
            "quantize_axis",
            1));
  }

  /** Adds the output projection of an embedding that the checkpoint uses for both. */
  void tiedLogits(String input) {
    TiedHead head = tied;
    if (head == null) {
      throw new IllegalStateException("the embedding was not declared shared");
    }
    if (head.quantised() == null) {
      graph.node(
          MICROSOFT,
          "FusedMatMul",
          "/lm_head/MatMul",
          List.of(input, TABLE),
          List.of("logits"),
          Map.of("transB", 1));
    } else {
      product(
          "/lm_head", input, head.rows().columns(), head.rows().rows(), head.quantised(), "logits");
    }
  }

  /** Adds a float vector. */
  String vector(String name, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    Region region = graph.reserve(bytes.capacity());
    graph.payload(bytes.capacity(), out -> region.write(out, 0, bytes.duplicate()));
    return graph.external(name, FLOAT, region, values.length);
  }

  private static List<List<WeightRows>> runsOfOneFormat(List<WeightRows> parts) {
    List<List<WeightRows>> runs = new ArrayList<>();
    @Nullable BlockFormat last = null;
    for (WeightRows part : parts) {
      BlockFormat format = part.tensor().type().format();
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
    BlockFormat format = parts.get(0).tensor().type().format();
    if (format == null) {
      String matrix = floats(weight + ".MatMul.weight", parts, true);
      graph.node("", "MatMul", name + "/MatMul", List.of(input, matrix), List.of(output), Map.of());
    } else {
      Quantised quantised = quantise(weight + ".MatMul.weight", parts, format);
      product(name, input, parts.get(0).columns(), outputs(parts), quantised, output);
    }
  }

  private void product(
      String name, String input, int columns, int outputs, Quantised weight, String output) {
    BlockFormat format = weight.format();
    String matMul = name + "/MatMul_Q" + format.bits();
    String coded = weight.offsets() == null ? output : matMul + "/output_0";
    graph.node(
        MICROSOFT,
        "MatMulNBits",
        matMul,
        List.of(input, weight.codes(), weight.scales()),
        List.of(coded),
        Map.of(
            "K", columns,
            "N", outputs,
            "bits", format.bits(),
            "block_size", format.group(),
            "accuracy_level", ACCURACY_LEVEL));
    if (weight.offsets() != null) {
      String sums = groupSums(input, columns, format.group());
      String offset =
          graph.node(
              "", "MatMul", name + "/offsets/MatMul", List.of(sums, weight.offsets()), Map.of());
      graph.node(
          "", "Add", name + "/offsets/Add", List.of(coded, offset), List.of(output), Map.of());
    }
  }

  /** [batch, sequence, columns] to [batch, sequence, columns / group], once for each value. */
  private String groupSums(String value, int columns, int group) {
    String key = value + "/groups_of_" + group;
    String known = groupSums.get(key);
    if (known != null) {
      return known;
    }
    long groups = columns / group;
    String shape =
        graph.int64s(
            "/model/constants/INT64/[0, 0, " + groups + ", " + group + "]", 0, 0, groups, group);
    String axis = graph.int64s("/model/constants/INT64/[-1]", -1);
    String grouped = graph.node("", "Reshape", key + "/Reshape", List.of(value, shape), Map.of());
    String sums =
        graph.node(
            "", "ReduceSum", key + "/ReduceSum", List.of(grouped, axis), Map.of("keepdims", 0));
    groupSums.put(key, sums);
    return sums;
  }

  private Quantised quantise(String name, List<WeightRows> parts, BlockFormat format) {
    long outputs = outputs(parts);
    long columns = parts.get(0).columns();
    long groups = columns / format.group();
    long blob = (long) format.group() * format.bits() / 8;
    Region codes = graph.reserve(outputs * groups * blob);
    Region scales = graph.reserve(outputs * groups * Float.BYTES);
    Region offsets = format.affine() ? graph.reserve(groups * outputs * Float.BYTES) : null;
    long bytes = codes.bytes() + scales.bytes() + (offsets == null ? 0 : offsets.bytes());
    graph.payload(bytes, new QuantisedMatrix(file, parts, format, codes, scales, offsets));
    return new Quantised(
        format,
        codes,
        graph.external(name + "_Q" + format.bits(), UINT8, codes, outputs, groups, blob),
        graph.external(name + "_scales", FLOAT, scales, outputs, groups),
        offsets == null
            ? null
            : graph.external(name + "_offsets", FLOAT, offsets, groups, outputs));
  }

  private String floats(String name, List<WeightRows> parts, boolean transposed) {
    long outputs = outputs(parts);
    long columns = parts.get(0).columns();
    Region region = graph.reserve(outputs * columns * Float.BYTES);
    graph.payload(region.bytes(), new FloatMatrix(file, parts, region, transposed));
    return transposed
        ? graph.external(name, FLOAT, region, columns, outputs)
        : graph.external(name, FLOAT, region, outputs, columns);
  }

  private static int outputs(List<WeightRows> parts) {
    long outputs = 0;
    for (WeightRows part : parts) {
      outputs += part.rows();
    }
    return Math.toIntExact(outputs);
  }
}
