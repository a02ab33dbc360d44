package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Dim;
import io.patchkit.onnx.graph.ElementType;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Node;
import io.patchkit.onnx.graph.Tensor;
import io.patchkit.onnx.graph.TensorInfo;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * Builds the decoder graph of a llama checkpoint as the onnxruntime-genai builder lays it out:
 * packed query/key/value projections, rotary embedding inside GroupQueryAttention, normalisation
 * fused with the residual addition.
 */
final class LlamaGraph {

  static final String OUTPUT = "output.weight";

  private static final String EMBEDDING = "token_embd.weight";
  private static final int IR_VERSION = 10;
  private static final int OPSET = 22;

  private final LlamaTensors tensors;
  private final LlamaConfig config;
  private final WeightPlan weights;
  private final Graph graph = new Graph(IR_VERSION, OPSET);
  private final Projections projections;

  private LlamaGraph(GgufFile file, LlamaConfig config, WeightPlan weights, boolean asFloats) {
    this.tensors = new LlamaTensors(file);
    this.config = config;
    this.weights = weights;
    this.projections = new Projections(file, graph, weights, asFloats);
    graph.importOpset(Node.MICROSOFT, 1);
  }

  /**
   * Builds the whole decoder.
   *
   * @param weights what the graph's weights are added to
   * @param asFloats whether every weight is decoded to floats
   * @throws CorruptModelException if a tensor is missing or has the wrong shape
   * @throws UnsupportedModelException if the checkpoint has a tensor that a llama decoder has no
   *     place for
   */
  static Graph build(GgufFile file, LlamaConfig config, WeightPlan weights, boolean asFloats)
      throws IOException {
    LlamaGraph llama = new LlamaGraph(file, config, weights, asFloats);
    llama.signature();
    llama.decoder();
    llama.tensors.requireAllUsed();
    return llama.graph;
  }

  private void signature() {
    Dim batch = Dim.of("batch_size");
    Dim tokens = Dim.of("sequence_length");
    Dim total = Dim.of("total_sequence_length");
    Dim keyValueHeads = Dim.of(config.keyValueHeads());
    Dim headDim = Dim.of(config.headDim());
    graph.addInput(TensorInfo.of("input_ids", ElementType.INT64, batch, tokens));
    graph.addInput(TensorInfo.of("attention_mask", ElementType.INT64, batch, total));
    graph.addOutput(
        TensorInfo.of("logits", ElementType.FLOAT, batch, tokens, Dim.of(config.vocabulary())));
    for (int layer = 0; layer < config.layers(); layer++) {
      for (String part : List.of("key", "value")) {
        graph.addInput(
            TensorInfo.of(
                "past_key_values." + layer + "." + part,
                ElementType.FLOAT,
                batch,
                keyValueHeads,
                Dim.of("past_sequence_length"),
                headDim));
        graph.addOutput(
            TensorInfo.of(
                "present." + layer + "." + part,
                ElementType.FLOAT,
                batch,
                keyValueHeads,
                total,
                headDim));
      }
    }
  }

  private void decoder() throws IOException {
    List<String> lengths = lengths();
    rotaryCaches();
    boolean tied = !tensors.has(OUTPUT);
    String residual =
        projections.embedding(
            tensors.matrix(EMBEDDING, config.hidden(), config.vocabulary(), 0), tied);
    String normed = firstNorm(residual);
    for (int layer = 0; layer < config.layers(); layer++) {
      String name = "/model/layers." + layer;
      String attended = attention(layer, name, normed, lengths);
      String middle = name + "/post_attention_layernorm";
      String middleWeight = norm(layer, "post_attention");
      normed = skipNorm(middle, residual, attended, blk(layer, "ffn_norm"), middleWeight);
      String fed = feedForward(layer, name, normed);
      boolean last = layer + 1 == config.layers();
      String which = last ? "final_norm" : "input";
      String end = "/model/layers." + (layer + 1) + "/" + which + "_layernorm";
      String tensor = last ? "output_norm" : blk(layer + 1, "attn_norm");
      normed = skipNorm(end, sum(middle), fed, tensor, norm(layer + 1, which));
      residual = sum(end);
    }
    if (tied) {
      projections.tiedLogits(normed);
    } else {
      projections.logits(normed, tensors.matrix(OUTPUT, config.hidden(), config.vocabulary(), 0));
    }
  }

  /**
   * GroupQueryAttention wants each row's last position and the longest row's length, both int32.
   */
  private List<String> lengths() {
    String base = "/model/attn_mask_reformat/";
    String one = graph.constant("/model/constants/INT64/one", Tensor.ofLongs(1));
    String width = graph.constant("/model/constants/INT64/width", Tensor.scalar(1L));
    String sum =
        graph.add(
            Node.of("ReduceSum", List.of("attention_mask", one), List.of(base + "length"))
                .with("keepdims", 0));
    String last = graph.add("Sub", base + "last", sum, one);
    String shape = graph.add("Shape", base + "shape", "attention_mask");
    String total = graph.add("Gather", base + "total", shape, width);
    return List.of(
        graph.add(int32(last, base + "seqlens_k")),
        graph.add(int32(total, base + "total_sequence_length")));
  }

  private static Node int32(String value, String output) {
    return Node.of("Cast", List.of(value), List.of(output)).with("to", ElementType.INT32.number());
  }

  private void rotaryCaches() throws IOException {
    float[] factors = new float[config.headDim() / 2];
    Arrays.fill(factors, 1);
    if (tensors.has("rope_freqs.weight")) {
      factors = tensors.vector("rope_freqs.weight", factors.length);
      for (float factor : factors) {
        if (!(factor > 0)) {
          throw new CorruptModelException(
              "tensor rope_freqs.weight holds " + factor + "; allowed: above 0");
        }
      }
    }
    RotaryCache cache = new RotaryCache(config, factors);
    Region cosines = weights.reserve(cache.bytes());
    Region sines = weights.reserve(cache.bytes());
    long[] dims = {config.context(), factors.length};
    graph.add(weights.initializer("cos_cache", ElementType.FLOAT, cosines, dims));
    graph.add(weights.initializer("sin_cache", ElementType.FLOAT, sines, dims));
    weights.add(2 * cache.bytes(), out -> cache.write(out, cosines, sines));
  }

  private String attention(int layer, String name, String normed, List<String> lengths)
      throws IOException {
    int queries = config.heads() * config.headDim();
    int keys = config.keyValueHeads() * config.headDim();
    List<LlamaTensors.Linear> projected =
        List.of(
            new LlamaTensors.Linear(
                blk(layer, "attn_q"), config.hidden(), queries, config.headDim()),
            new LlamaTensors.Linear(blk(layer, "attn_k"), config.hidden(), keys, config.headDim()),
            new LlamaTensors.Linear(blk(layer, "attn_v"), config.hidden(), keys, 0));
    String weight = "model.layers." + layer + ".attn.";
    String packed = linear(name + "/attn/qkv_proj", weight + "qkv_proj", normed, projected);
    String attention = name + "/attn/GroupQueryAttention/output_0";
    graph.add(
        Node.of(
                "GroupQueryAttention",
                List.of(
                    packed,
                    "",
                    "",
                    "past_key_values." + layer + ".key",
                    "past_key_values." + layer + ".value",
                    lengths.get(0),
                    lengths.get(1),
                    "cos_cache",
                    "sin_cache"),
                List.of(attention, "present." + layer + ".key", "present." + layer + ".value"))
            .in(Node.MICROSOFT)
            .with("num_heads", config.heads())
            .with("kv_num_heads", config.keyValueHeads())
            .with("scale", config.attentionScale())
            .with("local_window_size", -1)
            .with("softcap", 0f)
            .with("do_rotary", 1)
            .with("rotary_interleaved", 0));
    return linear(
        name + "/attn/o_proj",
        weight + "o_proj",
        attention,
        List.of(new LlamaTensors.Linear(blk(layer, "attn_output"), queries, config.hidden(), 0)));
  }

  private String feedForward(int layer, String name, String normed) throws IOException {
    String gate = feedForward(layer, "gate", normed, config.hidden(), config.feedForward());
    String up = feedForward(layer, "up", normed, config.hidden(), config.feedForward());
    String sigmoid = graph.add("Sigmoid", name + "/mlp/act_fn/Sigmoid/output_0", gate);
    String silu = graph.add("Mul", name + "/mlp/act_fn/Mul/output_0", gate, sigmoid);
    String gated = graph.add("Mul", name + "/mlp/Mul/output_0", silu, up);
    return feedForward(layer, "down", gated, config.feedForward(), config.hidden());
  }

  private String feedForward(int layer, String which, String input, int columns, int outputs)
      throws IOException {
    return linear(
        "/model/layers." + layer + "/mlp/" + which + "_proj",
        "model.layers." + layer + ".mlp." + which + "_proj",
        input,
        List.of(new LlamaTensors.Linear(blk(layer, "ffn_" + which), columns, outputs, 0)));
  }

  private String linear(String name, String weight, String input, List<LlamaTensors.Linear> stacked)
      throws IOException {
    return projections.project(
        name, weight, input, tensors.matrices(stacked), tensors.biases(stacked));
  }

  private String firstNorm(String input) throws IOException {
    String weight = normWeight(blk(0, "attn_norm"), norm(0, "input"));
    return graph.add(
        Node.of(
                "SimplifiedLayerNormalization",
                List.of(input, weight),
                List.of("/model/layers.0/input_layernorm/output_0"))
            .with("epsilon", config.rmsEpsilon())
            .with("axis", -1)
            .with("stash_type", 1));
  }

  /** Adds a branch to the residual stream and normalises; {@link #sum} names the stream after. */
  private String skipNorm(String name, String residual, String branch, String tensor, String weight)
      throws IOException {
    return graph.add(
        Node.of(
                "SkipSimplifiedLayerNormalization",
                List.of(residual, branch, normWeight(tensor, weight)),
                List.of(name + "/output_0", "", "", sum(name)))
            .in(Node.MICROSOFT)
            .with("epsilon", config.rmsEpsilon()));
  }

  private static String sum(String skipNorm) {
    return skipNorm + "/output_3";
  }

  private String normWeight(String tensor, String weight) throws IOException {
    return projections.vector(weight, tensors.vector(tensor + ".weight", config.hidden()));
  }

  private static String norm(int layer, String which) {
    return "model.layers." + layer + "." + which + "_layernorm.weight";
  }

  private static String blk(int layer, String which) {
    return "blk." + layer + "." + which;
  }
}
