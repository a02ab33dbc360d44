package io.patchkit.onnx.gradient;

import io.patchkit.UnsupportedModelException;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.Initializer;
import io.patchkit.onnx.graph.Node;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes fused attention apart: heads, rotation, scaled product, cap, mask, softmax, product.
 *
 * <p>The queries of one key/value head are laid in one matrix [batch, kvHeads, group · tokens,
 * headDim], so that grouped keys and values are never repeated. Lines of a batch are padded on the
 * right, where causal attention needs no padding mask.
 */
final class Attention {

  private final CausalMask mask;
  private final PrefixInputs prefix;

  Attention(CausalMask mask, PrefixInputs prefix) {
    this.mask = mask;
    this.prefix = prefix;
  }

  /**
   * One attention: q [batch, heads, tokens, headDim], k and v [batch, kvHeads, tokens, headDim].
   */
  private record Heads(String q, String k, String v, long heads, long kvHeads, long headDim) {}

  void groupQuery(Ops ops, Node node) {
    refuseInputs(node, 9, "position_ids", "attention_bias", "head_sink", "k_scale", "v_scale");
    refuseAttribute(node, "smooth_softmax", 0);
    refuseAttribute(node, "kv_cache_bit_width", 0);
    Graph graph = ops.graph();
    long heads = node.attribute("num_heads", 0);
    long kvHeads = node.attribute("kv_num_heads", 0);
    boolean isPacked = node.input(1).isEmpty();
    long width = Widths.last(graph, node.input(0));
    long headDim = width / (isPacked ? heads + 2 * kvHeads : heads);
    List<String> parts;
    if (isPacked) {
      String all = toHeads(ops, node.input(0), heads + 2 * kvHeads, headDim);
      parts = ops.split(all, 1, ops.longs(heads, kvHeads, kvHeads), 3);
    } else {
      parts =
          List.of(
              toHeads(ops, node.input(0), heads, headDim),
              toHeads(ops, node.input(1), kvHeads, headDim),
              toHeads(ops, node.input(2), kvHeads, headDim));
    }
    String q = parts.get(0);
    String k = parts.get(1);
    if (node.attribute("do_rotary", 0) != 0) {
      q = rotate(ops, node, q, heads, headDim);
      k = rotate(ops, node, k, kvHeads, headDim);
    }
    graph.remove(node);
    k = prefix.append(ops, node.input(3), k);
    String v = prefix.append(ops, node.input(4), parts.get(2));
    String groupMask =
        mask.of(heads / kvHeads, node.attribute("local_window_size", -1), node.input(3));
    present(ops, node, k, v);
    attend(ops, node, new Heads(q, k, v, heads, kvHeads, headDim), groupMask);
  }

  void multiHead(Ops ops, Node node) {
    refuseInputs(node, 4, "key_padding_mask");
    refuseInputs(node, 8, "past_sequence_length", "cache_indirection");
    Graph graph = ops.graph();
    long heads = node.attribute("num_heads", 0);
    if (node.input(1).isEmpty() || node.input(2).isEmpty()) {
      throw refuse(node, "packed queries, keys and values");
    }
    long headDim = Widths.last(graph, node.input(0)) / heads;
    List<String> parts = new ArrayList<>();
    long hidden = heads * headDim;
    for (int i = 0; i < 3; i++) {
      String x = node.input(i);
      if (!node.input(3).isEmpty()) {
        String bias =
            ops.slice(node.input(3), 0, ops.longs(i * hidden), ops.longs((i + 1) * hidden));
        x = ops.add(x, bias);
      }
      parts.add(toHeads(ops, x, heads, headDim));
    }
    graph.remove(node);
    String k = prefix.append(ops, node.input(6), parts.get(1));
    String v = prefix.append(ops, node.input(7), parts.get(2));
    String bias = node.input(5);
    if (node.attribute("unidirectional", 0) != 0) {
      String causal = mask.of(1, -1, node.input(6));
      bias = bias.isEmpty() ? causal : ops.add(bias, causal);
    }
    present(ops, node, k, v);
    attend(ops, node, new Heads(parts.get(0), k, v, heads, heads, headDim), bias);
  }

  /** Keys and values under the names that the fused node gave them, where it did. */
  private static void present(Ops ops, Node node, String k, String v) {
    if (!node.output(1).isEmpty()) {
      ops.op(Node.of("Identity", List.of(k), List.of(node.output(1))));
    }
    if (!node.output(2).isEmpty()) {
      ops.op(Node.of("Identity", List.of(v), List.of(node.output(2))));
    }
  }

  private static void attend(Ops ops, Node node, Heads heads, String bias) {
    long d = heads.headDim();
    float scale = node.attribute("scale", 0f);
    if (scale == 0) {
      scale = (float) (1 / Math.sqrt((double) d));
    }
    String q =
        heads.heads() == heads.kvHeads()
            ? heads.q()
            : ops.reshape(heads.q(), 0, heads.kvHeads(), -1, d);
    String scores = ops.matMul(q, false, heads.k(), true, scale);
    float cap = node.attribute("softcap", 0f);
    if (cap > 0) {
      scores = ops.scale(ops.op("Tanh", ops.scale(scores, 1 / cap)), cap);
    }
    if (!bias.isEmpty()) {
      scores = ops.add(scores, bias);
    }
    String context = ops.op("MatMul", ops.softmax(scores), heads.v());
    if (heads.heads() != heads.kvHeads()) {
      context = ops.reshape(context, 0, heads.heads(), -1, d);
    }
    String rows = ops.transpose(context, 0, 2, 1, 3);
    ops.op(
        Node.of(
            "Reshape", List.of(rows, ops.longs(0, 0, heads.heads() * d)), List.of(node.output(0))));
  }

  private static String toHeads(Ops ops, String x, long heads, long headDim) {
    return ops.transpose(ops.reshape(x, 0, 0, heads, headDim), 0, 2, 1, 3);
  }

  private String rotate(Ops ops, Node node, String x, long heads, long headDim) {
    Initializer cosines = ops.graph().initializer(node.input(7));
    if (cosines == null || cosines.dims().length != 2) {
      throw refuse(node, "computed rotations");
    }
    long rotated = 2 * cosines.dims()[1];
    return ops.op(
        ops.node("RotaryEmbedding", x, mask.positions(), node.input(7), node.input(8))
            .in(Node.MICROSOFT)
            .with("interleaved", node.attribute("rotary_interleaved", 0))
            .with("num_heads", rotated == headDim ? 0 : heads)
            .with("rotary_embedding_dim", rotated == headDim ? 0 : rotated));
  }

  private static void refuseInputs(Node node, int first, String... names) {
    for (int i = 0; i < names.length; i++) {
      if (!node.input(first + i).isEmpty()) {
        throw refuse(node, "the input " + names[i]);
      }
    }
  }

  private static void refuseAttribute(Node node, String name, long allowed) {
    if (node.attribute(name, allowed) != allowed) {
      throw refuse(node, name + " = " + node.attribute(name, allowed));
    }
  }

  private static UnsupportedModelException refuse(Node node, String what) {
    return new UnsupportedModelException(
        "Expected a form of " + node + " that can be differentiated, found one with " + what);
  }
}
