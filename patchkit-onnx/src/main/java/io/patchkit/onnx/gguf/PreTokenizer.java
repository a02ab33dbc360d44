package io.patchkit.onnx.gguf;

import io.patchkit.UnsupportedModelException;
import java.util.List;
import java.util.TreeSet;

/**
 * How text is split before byte-level merging, by the names that {@code tokenizer.ggml.pre} gives
 * the pre-tokenizers of known models.
 *
 * @param names the models' names
 * @param wholeTokens whether a piece that is a token stays whole, even where merging would not lead
 *     to it; the same models' prompts start with bos unless the checkpoint says otherwise
 * @param patterns each splits the pieces that the one before has left
 */
record PreTokenizer(List<String> names, boolean wholeTokens, List<String> patterns) {

  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";

  private static final String TEKKEN =
      "[^\\r\\n\\p{L}\\p{N}]?"
          + (UPPER + "*" + LOWER + "+")
          + "|[^\\r\\n\\p{L}\\p{N}]?"
          + (UPPER + "+" + LOWER + "*")
          + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** What files from before the key existed get. */
  static final PreTokenizer DEFAULT =
      new PreTokenizer(
          List.of("default"),
          false,
          List.of("[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"));

  private static final List<PreTokenizer> KNOWN =
      List.of(
          DEFAULT,
          new PreTokenizer(List.of("gpt-2", "olmo", "mpt", "phi-2"), false, List.of(GPT2)),
          new PreTokenizer(
              List.of("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone"),
              false,
              List.of("\\p{N}", GPT2)),
          new PreTokenizer(
              List.of("llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral"),
              true,
              List.of(llama3("{1,3}"))),
          new PreTokenizer(List.of("dbrx", "smaug-bpe"), false, List.of(llama3("{1,3}"))),
          new PreTokenizer(
              List.of("qwen2", "deepseek-r1-qwen", "megrez"), false, List.of(llama3(""))),
          new PreTokenizer(List.of("tekken"), true, List.of(TEKKEN)));

  PreTokenizer {
    names = List.copyOf(names);
    patterns = List.copyOf(patterns);
  }

  private static String llama3(String digits) {
    return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
        + digits
        + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  }

  /**
   * The pre-tokenizer with a name of {@code tokenizer.ggml.pre}.
   *
   * @throws UnsupportedModelException if the name is not known here
   */
  static PreTokenizer of(String name) {
    TreeSet<String> known = new TreeSet<>();
    for (PreTokenizer candidate : KNOWN) {
      if (candidate.names.contains(name)) {
        return candidate;
      }
      known.addAll(candidate.names);
    }
    throw new UnsupportedModelException(
        "tokenizer.ggml.pre is " + name + "; supported: " + String.join(", ", known));
  }
}
