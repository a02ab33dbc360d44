package io.patchkit.onnx.gguf;

import static ai.onnx.proto.OnnxMl.TensorProto.DataType.FLOAT;
import static ai.onnx.proto.OnnxMl.TensorProto.DataType.INT64;

import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Builds the decoder graph of a llama checkpoint, node for node and name for name as the
 * onnxruntime-genai builder lays it out: packed query/key/value projections, rotary embedding
 * inside GroupQueryAttention, normalisation fused with the residual addition.
 */
final class LlamaGraph {

  private static final String MICROSOFT = "com.microsoft";
  private static final String MASK = "/model/attn_mask_reformat/attn_mask_subgraph/";

  private final GgufFile file;
  private final LlamaConfig config;
  private final GraphWriter graph;
  private final Projections projections;

  /** Names of the tensors that are in the graph. */
  private final Set<String> used = new HashSet<>();

  private LlamaGraph(GgufFile file, LlamaConfig config, GraphWriter graph) {
    this.file = file;
    this.config = config;
    this.graph = graph;
    this.projections = new Projections(file, graph);
  }

  /**
   * Adds the whole decoder to a graph.
   *
   * @throws CorruptModelException if a tensor is missing or has the wrong shape
   * @throws UnsupportedModelException if the checkpoint has a tensor that a llama decoder has no
   *     place for
   */
  static void build(GgufFile file, LlamaConfig config, GraphWriter graph) throws IOException {
    LlamaGraph llama = new LlamaGraph(file, config, graph);
    llama.signature();
    llama.decoder();
    llama.refuseUnused();
  }

  private void signature() {
    graph.input("input_ids", INT64, "batch_size", "sequence_length");
    graph.input("attention_mask", INT64, "batch_size", "total_sequence_length");
    graph.output("logits", FLOAT, "batch_size", "sequence_length", config.vocabulary());
    for (int layer = 0; layer < config.layers(); layer++) {
      for (String part : List.of("key", "value")) {
        graph.input(
            "past_key_values." + layer + "." + part,
            FLOAT,
            "batch_size",
            config.keyValueHeads(),
            "past_sequence_length",
            config.headDim());
        graph.output(
            "present." + layer + "." + part,
            FLOAT,
            "batch_size",
            config.keyValueHeads(),
            "total_sequence_length",
            config.headDim());
      }
    }
  }

  private void decoder() throws IOException {
    mask();
    rotaryCaches();
    String residual = embedding();
    String normed = firstNorm(residual);
    for (int layer = 0; layer < config.layers(); layer++) {
      String name = "/model/layers." + layer;
      String attended = attention(layer, name, normed);
      String afterAttention = name + "/post_attention_layernorm";
      normed =
          skipNorm(
              afterAttention,
              blk(layer, "ffn_norm"),
              norm(layer, "post_attention"),
              residual,
              attended,
              true);
      residual = afterAttention + "/output_3";
      String fed = feedForward(layer, name, normed);
      boolean last = layer + 1 == config.layers();
      String next = "/model/layers." + (layer + 1);
      String nextNorm = next + (last ? "/final_norm_layernorm" : "/input_layernorm");
      normed =
          last
              ? skipNorm(
                  nextNorm,
                  "output_norm.weight",
                  "model.layers." + (layer + 1) + ".final_norm_layernorm.weight",
                  residual,
                  fed,
                  false)
              : skipNorm(
                  nextNorm,
                  blk(layer + 1, "attn_norm"),
                  norm(layer + 1, "input"),
                  residual,
                  fed,
                  true);
      residual = nextNorm + "/output_3";
    }
    logits(normed);
  }

  /** GroupQueryAttention wants each row's last position and the longest row's length. */
  private void mask() {
    String one = graph.int64s("/model/constants/INT64/[1]", 1);
    String sum =
        graph.node(
            "",
            "ReduceSum",
            MASK + "ReduceSum",
            List.of("attention_mask", one),
            Map.of("keepdims", 0));
    String last = graph.node("", "Sub", MASK + "Sub", List.of(sum, one), Map.of());
    graph.node("", "Cast", MASK + "Sub/Cast", List.of(last), Map.of("to", 6));
    String shape = graph.node("", "Shape", MASK + "Shape", List.of("attention_mask"), Map.of());
    String width =
        graph.node(
            "",
            "Gather",
            MASK + "Gather",
            List.of(shape, graph.int64Scalar("/model/constants/INT64/1", 1)),
            Map.of("axis", 0));
    graph.node("", "Cast", MASK + "Gather/Cast", List.of(width), Map.of("to", 6));
  }

  private void rotaryCaches() throws IOException {
    float[] factors = new float[config.headDim() / 2];
    Arrays.fill(factors, 1);
    if (file.tensor("rope_freqs.weight") != null) {
      factors = vector("rope_freqs.weight", factors.length);
      for (float factor : factors) {
        if (!(factor > 0)) {
          throw new CorruptModelException(
              "tensor rope_freqs.weight holds " + factor + "; allowed: above 0");
        }
      }
    }
    RotaryCache cache = new RotaryCache(config, factors);
    Region cosines = graph.reserve(cache.bytes());
    Region sines = graph.reserve(cache.bytes());
    graph.external("cos_cache", FLOAT, cosines, config.context(), factors.length);
    graph.external("sin_cache", FLOAT, sines, config.context(), factors.length);
    graph.payload(2 * cache.bytes(), out -> cache.write(out, cosines, sines));
  }

  private String embedding() {
    return projections.embedding(
        rows("token_embd.weight", config.hidden(), config.vocabulary(), 0),
        file.tensor("output.weight") == null);
  }

  private void logits(String normed) throws IOException {
    if (file.tensor("output.weight") == null) {
      projections.tiedLogits(normed);
    } else {
      projections.project(
          "/lm_head",
          "lm_head",
          normed,
          List.of(rows("output.weight", config.hidden(), config.vocabulary(), 0)),
          bias(List.of("output"), List.of(config.vocabulary()), List.of(0)),
          "logits");
    }
  }

  private String attention(int layer, String name, String normed) throws IOException {
    int queries = config.heads() * config.headDim();
    int keys = config.keyValueHeads() * config.headDim();
    String weights = "model.layers." + layer + ".attn.";
    String packed =
        projections.project(
            name + "/attn/qkv_proj",
            weights + "qkv_proj",
            normed,
            List.of(
                rows(blk(layer, "attn_q"), config.hidden(), queries, config.headDim()),
                rows(blk(layer, "attn_k"), config.hidden(), keys, config.headDim()),
                rows(blk(layer, "attn_v"), config.hidden(), keys, 0)),
            bias(
                List.of(
                    "blk." + layer + ".attn_q",
                    "blk." + layer + ".attn_k",
                    "blk." + layer + ".attn_v"),
                List.of(queries, keys, keys),
                List.of(config.headDim(), config.headDim(), 0)),
            null);
    String attention = name + "/attn/GroupQueryAttention";
    graph.node(
        MICROSOFT,
        "GroupQueryAttention",
        attention,
        List.of(
            packed,
            "",
            "",
            "past_key_values." + layer + ".key",
            "past_key_values." + layer + ".value",
            MASK + "Sub/Cast/output_0",
            MASK + "Gather/Cast/output_0",
            "cos_cache",
            "sin_cache"),
        List.of(
            attention + "/output_0", "present." + layer + ".key", "present." + layer + ".value"),
        Map.of(
            "num_heads",
            config.heads(),
            "kv_num_heads",
            config.keyValueHeads(),
            "scale",
            config.attentionScale(),
            "local_window_size",
            -1,
            "softcap",
            0f,
            "do_rotary",
            1,
            "rotary_interleaved",
            0));
    return projections.project(
        name + "/attn/o_proj",
        weights + "o_proj",
        attention + "/output_0",
        List.of(rows(blk(layer, "attn_output"), queries, config.hidden(), 0)),
        bias(List.of("blk." + layer + ".attn_output"), List.of(config.hidden()), List.of(0)),
        null);
  }

  private String feedForward(int layer, String name, String normed) throws IOException {
    String gate = linear(layer, name, "gate", normed, config.hidden(), config.feedForward());
    String up = linear(layer, name, "up", normed, config.hidden(), config.feedForward());
    String sigmoid =
        graph.node("", "Sigmoid", name + "/mlp/act_fn/Sigmoid", List.of(gate), Map.of());
    String silu = graph.node("", "Mul", name + "/mlp/act_fn/Mul", List.of(gate, sigmoid), Map.of());
    String gated = graph.node("", "Mul", name + "/mlp/Mul", List.of(silu, up), Map.of());
    return linear(layer, name, "down", gated, config.feedForward(), config.hidden());
  }

  private String linear(
      int layer, String name, String which, String input, int columns, int outputs)
      throws IOException {
    String tensor = "ffn_" + which;
    return projections.project(
        name + "/mlp/" + which + "_proj",
        "model.layers." + layer + ".mlp." + which + "_proj",
        input,
        List.of(rows(blk(layer, tensor), columns, outputs, 0)),
        bias(List.of("blk." + layer + "." + tensor), List.of(outputs), List.of(0)),
        null);
  }

  private String firstNorm(String input) throws IOException {
    return graph.node(
        "",
        "SimplifiedLayerNormalization",
        "/model/layers.0/input_layernorm/LayerNorm",
        List.of(input, normWeight(blk(0, "attn_norm"), norm(0, "input"))),
        Map.of("epsilon", config.rmsEpsilon(), "axis", -1, "stash_type", 1));
  }

  private String skipNorm(
      String name, String tensor, String weight, String residual, String branch, boolean sum)
      throws IOException {
    graph.node(
        MICROSOFT,
        "SkipSimplifiedLayerNormalization",
        name + "/SkipLayerNorm",
        List.of(residual, branch, normWeight(tensor, weight)),
        sum ? List.of(name + "/output_0", "", "", name + "/output_3") : List.of(name + "/output_0"),
        Map.of("epsilon", config.rmsEpsilon()));
    return name + "/output_0";
  }

  private String normWeight(String tensor, String weight) throws IOException {
    return projections.vector(weight, vector(tensor, config.hidden()));
  }

  private static String norm(int layer, String which) {
    return "model.layers." + layer + "." + which + "_layernorm.weight";
  }

  private static String blk(int layer, String which) {
    return "blk." + layer + "." + which + ".weight";
  }

  /** A weight of the expected shape. */
  private WeightRows rows(String name, int columns, int rows, int interleaved) {
    GgufTensor tensor = require(name);
    if (tensor.dims().size() != 2 || tensor.columns() != columns || tensor.rows() != rows) {
      throw new CorruptModelException(
          "tensor %s has shape %s; expected [%d, %d]"
              .formatted(name, tensor.dims(), columns, rows));
    }
    return new WeightRows(tensor, interleaved);
  }

  private float[] vector(String name, int length) throws IOException {
    GgufTensor tensor = require(name);
    if (tensor.dims().size() != 1 || tensor.columns() != length) {
      throw new CorruptModelException(
          "tensor %s has shape %s; expected [%d]".formatted(name, tensor.dims(), length));
    }
    float[] values = new float[length];
    WeightRows rows = new WeightRows(tensor, 0);
    rows.forEachChunk(file, (bytes, first, count) -> rows.decode(bytes, 0, new Block(), values));
    return values;
  }

  private GgufTensor require(String name) {
    used.add(name);
    return file.require(name);
  }

  /** The biases of stacked weights, zero where one has none; empty where none has. */
  private float[] bias(List<String> tensors, List<Integer> lengths, List<Integer> interleaved)
      throws IOException {
    boolean any = false;
    int total = 0;
    for (int i = 0; i < tensors.size(); i++) {
      any |= file.tensor(tensors.get(i) + ".bias") != null;
      total += lengths.get(i);
    }
    float[] stacked = new float[any ? total : 0];
    int base = 0;
    for (int i = 0; any && i < tensors.size(); i++) {
      if (file.tensor(tensors.get(i) + ".bias") != null) {
        float[] values = vector(tensors.get(i) + ".bias", lengths.get(i));
        for (int row = 0; row < values.length; row++) {
          stacked[base + row] = values[WeightRows.source(row, interleaved.get(i))];
        }
      }
      base += lengths.get(i);
    }
    return stacked;
  }

  private void refuseUnused() {
    List<String> unused = new ArrayList<>();
    for (String name : file.tensors().keySet()) {
      if (!used.contains(name)) {
        unused.add(name);
      }
    }
    if (!unused.isEmpty()) {
      throw new UnsupportedModelException(
          "%d tensors have no place in a llama decoder of %d layers, the first is %s"
              .formatted(unused.size(), config.layers(), unused.get(0)));
    }
  }
}
