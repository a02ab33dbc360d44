package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tokens of a checkpoint and which of them are special.
 *
 * @param tokens texts by id, each once
 * @param kinds their kinds by id
 * @param ids ids by text
 */
record Vocabulary(List<String> tokens, List<Kind> kinds, Map<String, Integer> ids) {

  /** The kinds of ggml's {@code llama_token_type}, in its order. */
  enum Kind {
    UNDEFINED,
    NORMAL,
    UNKNOWN,
    CONTROL,
    USER_DEFINED,
    UNUSED,
    BYTE;

    /** Whether the text stands for the token wherever it occurs, before any merging. */
    boolean isAdded() {
      return this == CONTROL || this == USER_DEFINED || this == UNKNOWN;
    }

    /** Whether decoding leaves the token out. */
    boolean isSpecial() {
      return this == CONTROL || this == UNKNOWN;
    }
  }

  /**
   * Tokens that end a turn or a text in the common chat formats. They are control tokens whatever
   * their type says, as llama.cpp has it: many converters wrote another.
   */
  static final Set<String> ENDS =
      Set.of(
          "<|im_end|>",
          "<|eot_id|>",
          "<|eom_id|>",
          "<|end|>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<EOT>",
          "_<EOT>",
          "<end_of_turn>");

  Vocabulary {
    tokens = List.copyOf(tokens);
    kinds = List.copyOf(kinds);
    ids = Map.copyOf(ids);
  }

  /**
   * Reads a checkpoint's tokens.
   *
   * @param size rows of the embedding
   * @throws CorruptModelException if there are more or fewer, or two are equal
   */
  static Vocabulary of(GgufMetadata metadata, int size) {
    List<String> tokens = metadata.requireTexts("tokenizer.ggml.tokens");
    if (tokens.size() != size) {
      throw new CorruptModelException(
          "the checkpoint has %d tokens but embeddings for %d".formatted(tokens.size(), size));
    }
    List<Long> types = metadata.wholes("tokenizer.ggml.token_type");
    if (types != null && types.size() != size) {
      throw new CorruptModelException(
          "the checkpoint has %d tokens but token types for %d".formatted(size, types.size()));
    }
    Map<String, Integer> ids = new HashMap<>();
    List<Kind> kinds = new ArrayList<>();
    for (int id = 0; id < size; id++) {
      String text = tokens.get(id);
      Integer before = ids.put(text, id);
      if (before != null) {
        throw new CorruptModelException(
            "tokens %d and %d have the same text".formatted(before, id));
      }
      Kind kind = types == null ? Kind.NORMAL : kind(id, types.get(id));
      kinds.add(ENDS.contains(text) ? Kind.CONTROL : kind);
    }
    return new Vocabulary(tokens, kinds, ids);
  }

  private static Kind kind(int id, long type) {
    Kind[] kinds = Kind.values();
    if (type < 0 || type >= kinds.length) {
      throw new CorruptModelException("token %d has the unknown type %d".formatted(id, type));
    }
    return kinds[(int) type];
  }

  int size() {
    return tokens.size();
  }
}
