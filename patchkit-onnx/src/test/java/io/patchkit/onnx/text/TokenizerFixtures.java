package io.patchkit.onnx.text;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Small tokenizers of the kinds that language models have. */
final class TokenizerFixtures {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private TokenizerFixtures() {}

  /**
   * As GPT-2, Llama 3 and Qwen: byte-level BPE. Ids 0 to 255 are the bytes, 256 is "th", 257 "the",
   * 258 " the", 259 {@code <s>}, 260 {@code </s>} and 261 the ordinary added token {@code <think>};
   * encoding with special tokens begins with {@code <s>}.
   */
  static ObjectNode byteLevel() {
    ObjectNode vocab = JSON.objectNode();
    for (int b = 0; b < 256; b++) {
      vocab.put(byteSymbol(b), b);
    }
    vocab.put("th", 256).put("the", 257).put("Ġthe", 258);
    ArrayNode merges = JSON.arrayNode().add("t h").add("th e").add("Ġ the");
    ObjectNode byteLevel =
        JSON.objectNode()
            .put("type", "ByteLevel")
            .put("add_prefix_space", false)
            .put("trim_offsets", true)
            .put("use_regex", true);
    ObjectNode root = root(bpe(vocab, merges, false), byteLevel.deepCopy());
    root.set("pre_tokenizer", byteLevel);
    root.set("post_processor", beginWith("<s>", 259));
    added(root, 259, "<s>", true);
    added(root, 260, "</s>", true);
    added(root, 261, "<think>", false);
    return root;
  }

  /**
   * As Llama 2, Mistral and Phi-3: BPE over characters with spaces as "▁" and bytes for what the
   * vocabulary lacks; a leading space is added and taken away again.
   *
   * @param strip false as in Gemma, which adds none
   */
  static ObjectNode byteFallback(boolean strip) {
    ObjectNode vocab = JSON.objectNode();
    vocab.put("<unk>", 0).put("<s>", 1).put("</s>", 2);
    for (int b = 0; b < 256; b++) {
      vocab.put(String.format("<0x%02X>", b), 3 + b);
    }
    int id = 259;
    for (String token : List.of("▁", "a", "b", "c", "é", "▁▁", "▁a", "ab", "▁ab", "\uFFFD")) {
      vocab.put(token, id++);
    }
    ArrayNode merges = JSON.arrayNode().add("▁ ▁").add("▁ a").add("a b").add("▁a b");
    ArrayNode decoders = JSON.arrayNode();
    decoders.add(replace("▁", " "));
    decoders.add(JSON.objectNode().put("type", "ByteFallback"));
    decoders.add(JSON.objectNode().put("type", "Fuse"));
    ArrayNode normalizers = JSON.arrayNode();
    if (strip) {
      decoders.add(
          JSON.objectNode()
              .put("type", "Strip")
              .put("content", " ")
              .put("start", 1)
              .put("stop", 0));
      normalizers.add(JSON.objectNode().put("type", "Prepend").put("prepend", "▁"));
    }
    normalizers.add(replace(" ", "▁"));
    ObjectNode decoder = JSON.objectNode().put("type", "Sequence");
    decoder.set("decoders", decoders);
    ObjectNode normalizer = JSON.objectNode().put("type", "Sequence");
    normalizer.set("normalizers", normalizers);
    ObjectNode root = root(bpe(vocab, merges, true), decoder);
    root.set("normalizer", normalizer);
    root.set("post_processor", beginWith("<s>", 1));
    added(root, 0, "<unk>", true);
    added(root, 1, "<s>", true);
    added(root, 2, "</s>", true);
    return root;
  }

  /** One of each kind. */
  static List<ObjectNode> all() {
    return List.of(byteLevel(), byteFallback(true), byteFallback(false), metaspace());
  }

  /** As T5 and XLM-R: a unigram model with the Metaspace decoder. */
  static ObjectNode metaspace() {
    ArrayNode vocab = JSON.arrayNode();
    for (String token :
        List.of("<unk>", "</s>", "▁", "a", "b", "c", "é", "▁a", "ab", "▁ab", "😀")) {
      vocab.add(JSON.arrayNode().add(token).add(-1.0 - vocab.size() / 10.0));
    }
    ObjectNode model = JSON.objectNode().put("type", "Unigram").put("unk_id", 0);
    model.set("vocab", vocab);
    ObjectNode metaspace =
        JSON.objectNode()
            .put("type", "Metaspace")
            .put("replacement", "▁")
            .put("prepend_scheme", "always")
            .put("split", true);
    ObjectNode root = root(model, metaspace.deepCopy());
    root.set("pre_tokenizer", metaspace);
    added(root, 1, "</s>", true);
    return root;
  }

  /** Opens it in a folder of its own. */
  static HuggingFaceTokenizer open(Path folder, ObjectNode definition) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), definition.toString());
    return HuggingFaceTokenizer.open(folder);
  }

  /** GPT-2's printable stand-in for a byte. */
  private static String byteSymbol(int b) {
    int shifted = 256;
    for (int i = 0; i < 256; i++) {
      boolean printable = (i >= '!' && i <= '~') || (i >= 0xA1 && i <= 0xAC) || i >= 0xAE;
      int symbol = printable ? i : shifted++;
      if (i == b) {
        return Character.toString(symbol);
      }
    }
    throw new IllegalArgumentException(b + " is not a byte");
  }

  private static ObjectNode bpe(ObjectNode vocab, ArrayNode merges, boolean byteFallback) {
    ObjectNode model = JSON.objectNode().put("type", "BPE").put("byte_fallback", byteFallback);
    if (byteFallback) {
      model.put("unk_token", "<unk>").put("fuse_unk", true);
    }
    model.set("vocab", vocab);
    model.set("merges", merges);
    return model;
  }

  private static ObjectNode root(ObjectNode model, ObjectNode decoder) {
    ObjectNode root = JSON.objectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    root.putArray("added_tokens");
    root.putNull("normalizer").putNull("pre_tokenizer").putNull("post_processor");
    root.set("decoder", decoder);
    root.set("model", model);
    return root;
  }

  private static ObjectNode replace(String pattern, String content) {
    ObjectNode replace = JSON.objectNode().put("type", "Replace").put("content", content);
    replace.putObject("pattern").put("String", pattern);
    return replace;
  }

  private static ObjectNode beginWith(String token, int id) {
    ObjectNode processor = JSON.objectNode().put("type", "TemplateProcessing");
    ArrayNode single = processor.putArray("single");
    single.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
    single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
    processor.set("pair", single.deepCopy().add(single.get(1).deepCopy()));
    ((ObjectNode) processor.get("pair").get(2).get("Sequence")).put("id", "B");
    ObjectNode special = processor.putObject("special_tokens").putObject(token);
    special.put("id", token);
    special.putArray("ids").add(id);
    special.putArray("tokens").add(token);
    return processor;
  }

  private static void added(ObjectNode root, int id, String content, boolean special) {
    ObjectNode token = ((ArrayNode) root.get("added_tokens")).addObject();
    token.put("id", id).put("content", content).put("special", special);
    for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
      token.put(flag, false);
    }
  }
}
