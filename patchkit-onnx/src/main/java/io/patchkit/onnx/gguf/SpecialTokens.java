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
    // Whatever eos_token_id says.
    for (String text : Vocabulary.ENDS) {
      Integer id = vocabulary.ids().get(text);
      if (id != null) {
        ends.add(id);
      }
    }
    return new SpecialTokens(
        bos,
        eos,
        idIfAny(metadata, vocabulary, "unknown"),
        idIfAny(metadata, vocabulary, "padding"),
        List.copyOf(ends),
        bos != null && metadata.flagOr("tokenizer.ggml.add_bos_token", bosByDefault));
  }

  /** Some converters write 4294967295, or another id that there is not, for none. */
  private static @Nullable Integer idIfAny(
      GgufMetadata metadata, Vocabulary vocabulary, String role) {
    Long id = metadata.whole(key(role));
    return id != null && id >= 0 && id < vocabulary.size() ? Math.toIntExact(id) : null;
  }

  private static String key(String role) {
    return "tokenizer.ggml." + role + "_token_id";
  }

  private static @Nullable Integer id(GgufMetadata metadata, Vocabulary vocabulary, String role) {
    String key = key(role);
    return metadata.has(key) ? metadata.requireInt(key, 0, vocabulary.size() - 1) : null;
  }
}
