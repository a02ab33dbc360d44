package io.patchkit.onnx.gguf;

import io.patchkit.UnsupportedModelException;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The ids with a role in the checkpoint's tokenizer; null where it has none.
 *
 * @param ends every id that ends a generation, ascending
 * @param prependsBos whether a prompt starts with {@code bos}
 */
record SpecialTokens(
    @Nullable Integer bos,
    @Nullable Integer eos,
    @Nullable Integer unknown,
    @Nullable Integer padding,
    List<Integer> ends,
    boolean prependsBos) {

  /** Control tokens that end a turn in the common chat formats, whatever eos_token_id says. */
  private static final List<String> TURN_ENDS =
      List.of(
          "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|endoftext|>", "<end_of_turn>");

  SpecialTokens {
    ends = List.copyOf(ends);
  }

  /**
   * Reads a checkpoint's special tokens.
   *
   * @param bosByDefault whether prompts start with bos where the checkpoint does not say
   */
  static SpecialTokens of(GgufMetadata metadata, Vocabulary vocabulary, boolean bosByDefault) {
    if (metadata.flagOr("tokenizer.ggml.add_eos_token", false)) {
      throw new UnsupportedModelException(
          "tokenizer.ggml.add_eos_token is true: every prompt would end before its answer");
    }
    Integer bos = id(metadata, vocabulary, "bos");
    Integer eos = id(metadata, vocabulary, "eos");
    TreeSet<Integer> ends = new TreeSet<>();
    for (String role : List.of("eos", "eot", "eom")) {
      Integer id = id(metadata, vocabulary, role);
      if (id != null) {
        ends.add(id);
      }
    }
    for (String text : TURN_ENDS) {
      Integer id = vocabulary.ids().get(text);
      if (id != null && vocabulary.kinds().get(id) == Vocabulary.Kind.CONTROL) {
        ends.add(id);
      }
    }
    return new SpecialTokens(
        bos,
        eos,
        id(metadata, vocabulary, "unknown"),
        id(metadata, vocabulary, "padding"),
        List.copyOf(ends),
        bos != null && metadata.flagOr("tokenizer.ggml.add_bos_token", bosByDefault));
  }

  private static @Nullable Integer id(GgufMetadata metadata, Vocabulary vocabulary, String role) {
    String key = "tokenizer.ggml." + role + "_token_id";
    return metadata.has(key) ? metadata.requireInt(key, 0, vocabulary.size() - 1) : null;
  }
}
