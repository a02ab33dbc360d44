package io.patchkit.onnx.gguf;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** A random llama checkpoint of two layers, small enough to run a reference against. */
final class TinyLlama {

  static final int LAYERS = 2;
  static final int HEADS = 4;
  static final int KEY_VALUE_HEADS = 2;
  static final int HEAD_DIM = 16;
  static final int HIDDEN = 256;
  static final int FEED_FORWARD = 256;
  static final int CONTEXT = 64;
  static final float EPSILON = 1e-5f;
  static final float ROPE_BASE = 10_000;

  private TinyLlama() {}

  /** Every matrix of one type, the output projection tied to the embedding. */
  static GgufBytes tied(GgmlType type, long seed) {
    return of(type, type, type, seed);
  }

  /** A checkpoint with a type for its matrices, its values' projection and its embedding. */
  static GgufBytes of(GgmlType type, GgmlType values, GgmlType embedding, long seed) {
    Random random = new Random(seed);
    GgufBytes gguf = new GgufBytes();
    configure(gguf);
    ByteLevelVocabulary.addTo(gguf);
    int vocabulary = ByteLevelVocabulary.SIZE;
    int queries = HEADS * HEAD_DIM;
    int keys = KEY_VALUE_HEADS * HEAD_DIM;
    matrix(gguf, random, "token_embd.weight", embedding, HIDDEN, vocabulary);
    norm(gguf, random, "output_norm.weight");
    for (int layer = 0; layer < LAYERS; layer++) {
      String blk = "blk." + layer + ".";
      norm(gguf, random, blk + "attn_norm.weight");
      norm(gguf, random, blk + "ffn_norm.weight");
      matrix(gguf, random, blk + "attn_q.weight", type, HIDDEN, queries);
      matrix(gguf, random, blk + "attn_k.weight", type, HIDDEN, keys);
      matrix(gguf, random, blk + "attn_v.weight", values, HIDDEN, keys);
      // Super-blocks need rows of 256, and the heads are only 64 wide together.
      matrix(gguf, random, blk + "attn_output.weight", rowsOf(type, queries), queries, HIDDEN);
      matrix(gguf, random, blk + "ffn_gate.weight", type, HIDDEN, FEED_FORWARD);
      matrix(gguf, random, blk + "ffn_up.weight", type, HIDDEN, FEED_FORWARD);
      matrix(gguf, random, blk + "ffn_down.weight", type, FEED_FORWARD, HIDDEN);
    }
    return gguf;
  }

  private static GgmlType rowsOf(GgmlType type, int columns) {
    return columns % type.blockElements() == 0 ? type : GgmlType.Q8_0;
  }

  private static void configure(GgufBytes gguf) {
    gguf.put("general.architecture", "llama")
        .put("llama.block_count", LAYERS)
        .put("llama.context_length", CONTEXT)
        .put("llama.embedding_length", HIDDEN)
        .put("llama.feed_forward_length", FEED_FORWARD)
        .put("llama.attention.head_count", HEADS)
        .put("llama.attention.head_count_kv", KEY_VALUE_HEADS)
        .put("llama.attention.key_length", HEAD_DIM)
        .put("llama.attention.value_length", HEAD_DIM)
        .put("llama.attention.layer_norm_rms_epsilon", EPSILON)
        .put("llama.rope.freq_base", ROPE_BASE);
  }

  private static void norm(GgufBytes gguf, Random random, String name) {
    float[] weights = new float[HIDDEN];
    for (int i = 0; i < HIDDEN; i++) {
      weights[i] = 1 + 0.2f * (float) random.nextGaussian();
    }
    gguf.floats(name, weights, HIDDEN);
  }

  static void matrix(
      GgufBytes gguf, Random random, String name, GgmlType type, int columns, int rows) {
    gguf.tensor(name, type, RandomBlocks.of(type, columns * rows, random), columns, rows);
  }

  /** The 256 byte characters of GPT-2, a few merges, and the tokens of a ChatML model. */
  static final class ByteLevelVocabulary {
    static final int SIZE = 264;

    private ByteLevelVocabulary() {}

    static void addTo(GgufBytes gguf) {
      List<String> tokens = new ArrayList<>(List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>"));
      List<Integer> kinds = new ArrayList<>(List.of(3, 3, 3));
      int shifted = 256;
      for (int b = 0; b < 256; b++) {
        boolean printable = b > 32 && b < 127 || b > 160 && b != 173;
        tokens.add(String.valueOf((char) (printable ? b : shifted++)));
      }
      tokens.addAll(List.of("he", "ll", "hell", "\u0120w", "hello"));
      kinds.addAll(Collections.nCopies(261, 1));
      gguf.put("tokenizer.ggml.model", "gpt2")
          .put("tokenizer.ggml.pre", "smollm")
          .putTexts("tokenizer.ggml.tokens", tokens)
          .putInts("tokenizer.ggml.token_type", kinds)
          .putTexts("tokenizer.ggml.merges", List.of("h e", "l l", "he ll", "\u0120 w", "hell o"))
          .put("tokenizer.ggml.bos_token_id", 1)
          .put("tokenizer.ggml.eos_token_id", 2)
          .put("tokenizer.ggml.add_bos_token", false)
          .put("tokenizer.chat_template", "{% for m in messages %}{{ m.content }}{% endfor %}");
    }
  }
}
