package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import io.patchkit.UnsupportedModelException;
import java.util.List;
import java.util.Map;

/** What a checkpoint's metadata says about its tokenizer: one of the two byte-pair encodings. */
sealed interface TokenizerModel {

  /** How SentencePiece writes a space. */
  String SPACE = "\u2581";

  Vocabulary vocabulary();

  SpecialTokens special();

  /** Pairs in the order they are merged, two texts around a space. */
  List<String> merges();

  /** Byte-pair encoding over bytes written as printable characters, as GPT-2 has it. */
  record ByteLevel(
      Vocabulary vocabulary, SpecialTokens special, List<String> merges, PreTokenizer preTokenizer)
      implements TokenizerModel {

    public ByteLevel {
      merges = List.copyOf(merges);
    }
  }

  /**
   * SentencePiece's byte-pair encoding: characters, and bytes where a character is no token.
   *
   * @param prependsSpace whether a text starts with a space of its own
   */
  record SentencePiece(
      Vocabulary vocabulary, SpecialTokens special, List<String> merges, boolean prependsSpace)
      implements TokenizerModel {

    public SentencePiece {
      merges = List.copyOf(merges);
    }
  }

  /**
   * Reads a checkpoint's tokenizer.
   *
   * @param size rows of the embedding
   * @throws CorruptModelException if its parts are missing or contradict one another
   * @throws UnsupportedModelException if it is of a kind or pre-tokenizer that is not supported
   */
  static TokenizerModel of(GgufMetadata metadata, int size) {
    String kind = metadata.requireText("tokenizer.ggml.model");
    return switch (kind) {
      case "gpt2" -> byteLevel(metadata, size);
      case "llama" -> sentencePiece(metadata, size);
      default ->
          throw new UnsupportedModelException(
              "tokenizer.ggml.model is "
                  + kind
                  + "; supported: gpt2 (byte-level) and llama (SentencePiece)");
    };
  }

  private static ByteLevel byteLevel(GgufMetadata metadata, int size) {
    String name = metadata.text("tokenizer.ggml.pre");
    PreTokenizer preTokenizer = name == null ? PreTokenizer.DEFAULT : PreTokenizer.of(name);
    Vocabulary vocabulary = Vocabulary.of(metadata, size);
    List<String> merges = metadata.requireTexts("tokenizer.ggml.merges");
    for (int i = 0; i < merges.size(); i++) {
      requireTokens(i, merges.get(i), vocabulary.ids());
    }
    return new ByteLevel(
        vocabulary,
        SpecialTokens.of(metadata, vocabulary, preTokenizer.wholeTokens()),
        merges,
        preTokenizer);
  }

  private static void requireTokens(int index, String merge, Map<String, Integer> ids) {
    int space = merge.indexOf(' ', 1);
    if (space < 0 || space == merge.length() - 1) {
      throw new CorruptModelException(
          "merge %d is '%s'; expected two tokens around a space".formatted(index, merge));
    }
    String left = merge.substring(0, space);
    String right = merge.substring(space + 1);
    for (String part : List.of(left, right, left + right)) {
      if (!ids.containsKey(part)) {
        throw new CorruptModelException(
            "merge %d is '%s' but '%s' is no token".formatted(index, merge, part));
      }
    }
  }

  private static SentencePiece sentencePiece(GgufMetadata metadata, int size) {
    Vocabulary vocabulary = Vocabulary.of(metadata, size);
    List<Double> scores = metadata.reals("tokenizer.ggml.scores");
    if (scores == null || scores.size() != size) {
      throw new CorruptModelException(
          "metadata tokenizer.ggml.scores has %s; expected one for each of %d tokens"
              .formatted(scores == null ? "no entry" : scores.size() + " entries", size));
    }
    if (metadata.flagOr("tokenizer.ggml.remove_extra_whitespaces", false)) {
      throw new UnsupportedModelException(
          "tokenizer.ggml.remove_extra_whitespaces is true, which is unsupported");
    }
    return new SentencePiece(
        vocabulary,
        SpecialTokens.of(metadata, vocabulary, true),
        SentencePieceMerges.of(vocabulary, scores),
        metadata.flagOr("tokenizer.ggml.add_space_prefix", true));
  }
}
