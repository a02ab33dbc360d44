package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import org.jspecify.annotations.Nullable;

/**
 * The sizes and constants of a llama decoder.
 *
 * @param layers decoder layers
 * @param hidden width of the residual stream
 * @param feedForward width between the gate/up and down projections
 * @param heads query heads
 * @param keyValueHeads key/value heads; divides {@code heads}
 * @param headDim width of a head; even
 * @param vocabulary tokens, and logits
 * @param context most positions
 * @param rmsEpsilon added to the mean square under the root
 * @param ropeBase θ of the rotary embedding
 * @param ropeScale linear rope scaling: positions are divided by it
 * @param attentionScale factor of query·key before the softmax
 */
record LlamaConfig(
    int layers,
    int hidden,
    int feedForward,
    int heads,
    int keyValueHeads,
    int headDim,
    int vocabulary,
    int context,
    float rmsEpsilon,
    float ropeBase,
    float ropeScale,
    float attentionScale) {

  private static final int MOST = 1 << 24;

  private static final int MOST_POSITIONS = 1 << 22;

  /** Numbers of the rotary caches, which take disk space whatever the file's size. */
  private static final long MOST_ANGLES = 1 << 30;

  LlamaConfig {
    if (heads % keyValueHeads != 0) {
      throw new CorruptModelException(
          "%d query heads cannot share %d key/value heads".formatted(heads, keyValueHeads));
    }
    if (headDim % 2 != 0) {
      throw new CorruptModelException(
          "the head width is " + headDim + "; the rotary embedding needs an even one");
    }
    if ((long) context * headDim > MOST_ANGLES) {
      throw new CorruptModelException(
          "%d positions of heads of width %d need a rotary cache of %d numbers; allowed: at most %d"
              .formatted(context, headDim, (long) context * headDim, MOST_ANGLES));
    }
  }

  /**
   * Reads a checkpoint's configuration.
   *
   * @throws CorruptModelException if a key is missing or out of range
   * @throws UnsupportedModelException if the checkpoint is no llama decoder, or one with a feature
   *     the graph would silently lack
   */
  static LlamaConfig of(GgufFile file) {
    GgufMetadata metadata = file.metadata();
    refuseUnsupported(metadata);
    GgufTensor embedding = file.require("token_embd.weight");
    int hidden = metadata.requireInt("llama.embedding_length", 1, MOST);
    int heads = metadata.requireInt("llama.attention.head_count", 1, hidden);
    int headDim = metadata.intOr("llama.attention.key_length", hidden / heads, 1, MOST);
    requireSame(metadata, "llama.attention.value_length", headDim, "key and value widths");
    requireSame(metadata, "llama.rope.dimension_count", headDim, "partial rotary embeddings");
    return new LlamaConfig(
        metadata.requireInt("llama.block_count", 1, 4096),
        hidden,
        metadata.requireInt("llama.feed_forward_length", 1, MOST),
        heads,
        metadata.intOr("llama.attention.head_count_kv", heads, 1, heads),
        headDim,
        embedding.rows(),
        metadata.requireInt("llama.context_length", 1, MOST_POSITIONS),
        metadata.requirePositive("llama.attention.layer_norm_rms_epsilon"),
        metadata.positiveOr("llama.rope.freq_base", 10_000),
        ropeScale(metadata),
        metadata.positiveOr("llama.attention.scale", (float) (1 / Math.sqrt(headDim))));
  }

  private static void refuseUnsupported(GgufMetadata metadata) {
    String architecture = metadata.requireText("general.architecture");
    if (!architecture.equals("llama")) {
      throw new UnsupportedModelException(
          "the checkpoint's architecture is "
              + architecture
              + "; supported: llama. Export the model with the onnxruntime-genai builder instead");
    }
    if (metadata.intOr("split.count", 1, 0, MOST) > 1) {
      throw new UnsupportedModelException(
          "the checkpoint is one of several parts; join them with llama-gguf-split --merge");
    }
    if (metadata.intOr("llama.expert_count", 0, 0, MOST) > 0) {
      throw new UnsupportedModelException(
          "the checkpoint is a mixture of experts (llama.expert_count), which is unsupported");
    }
    if (!metadata.flagOr("llama.attention.causal", true)) {
      throw new UnsupportedModelException(
          "the checkpoint is an encoder (llama.attention.causal is false); expected a decoder");
    }
    for (String key :
        new String[] {"llama.attention.sliding_window", "llama.attention.chunk_size"}) {
      if (metadata.intOr(key, 0, 0, Integer.MAX_VALUE) > 0) {
        throw new UnsupportedModelException(
            "the checkpoint restricts attention (" + key + "), which is unsupported");
      }
    }
    if (metadata.floatOr("llama.rope.scaling.attn_factor", 1) != 1) {
      throw new UnsupportedModelException(
          "llama.rope.scaling.attn_factor is not 1, which is unsupported");
    }
  }

  private static void requireSame(
      GgufMetadata metadata, String key, int headDim, String unsupported) {
    int found = metadata.intOr(key, headDim, 1, MOST);
    if (found != headDim) {
      throw new UnsupportedModelException(
          "%s is %d and the head width %d: different %s are unsupported"
              .formatted(key, found, headDim, unsupported));
    }
  }

  private static float ropeScale(GgufMetadata metadata) {
    float factor =
        metadata.positiveOr(
            "llama.rope.scaling.factor", metadata.positiveOr("llama.rope.scale_linear", 1));
    @Nullable String type = metadata.text("llama.rope.scaling.type");
    if (type == null || type.equals("linear")) {
      return factor;
    } else if (type.equals("none")) {
      return 1;
    }
    throw new UnsupportedModelException(
        "llama.rope.scaling.type is "
            + type
            + "; supported: none, linear, and the factors of rope_freqs.weight");
  }
}
