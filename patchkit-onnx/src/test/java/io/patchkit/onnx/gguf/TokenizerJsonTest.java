package io.patchkit.onnx.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Token ids against the tokenizers and sentencepiece libraries in Python. */
class TokenizerJsonTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "smollm", "llama-bpe", "dbrx", "qwen2", "tekken", "default"})
  void byteLevelIdsAreThoseOfTheTokenizersLibrary(String pre) throws Exception {
    JsonNode expected = OracleFiles.json("expected.json");
    JsonNode ids = expected.get("pre").get(pre);
    try (HuggingFaceTokenizer tokenizer = open(llama3With("tokenizer.ggml.pre", pre))) {
      for (int i = 0; i < ids.size(); i++) {
        String text = expected.get("texts").get(i).asText();
        int[] found = tokenizer.encode(text, false);
        assertThat(found).as(text).isEqualTo(ints(ids.get(i)));
        assertThat(tokenizer.decode(found, false)).isEqualTo(text);
      }
    }
  }

  @Test
  void aMissingPreTokenizerIsTheDefault() throws Exception {
    Map<String, GgufValue> metadata = new HashMap<>(llama3());
    metadata.remove("tokenizer.ggml.pre");
    JsonNode expected = OracleFiles.json("expected.json");
    try (HuggingFaceTokenizer tokenizer = open(new GgufMetadata(metadata))) {
      assertThat(tokenizer.encode(expected.get("texts").get(0).asText(), true))
          .isEqualTo(ints(expected.get("pre").get("default").get(0)));
    }
  }

  @Test
  void bosIsPrependedWhereTheCheckpointOrItsKindSaysSo() throws Exception {
    int bos = 421;
    try (HuggingFaceTokenizer byKind = open(llama3With("tokenizer.ggml.pre", "llama-bpe"));
        HuggingFaceTokenizer never = open(llama3With("tokenizer.ggml.pre", "qwen2"))) {
      assertThat(byKind.encode("zqx", true)).containsExactly(bos, 420);
      assertThat(byKind.encode("zqx", false)).containsExactly(420);
      assertThat(never.encode("zqx", true)).doesNotContain(bos);
      assertThat(byKind.encode("<|begin_of_text|>", false)).containsExactly(bos);
    }
    Map<String, GgufValue> metadata = new HashMap<>(llama3());
    metadata.put("tokenizer.ggml.add_bos_token", new GgufValue.Flag(false));
    try (HuggingFaceTokenizer told = open(new GgufMetadata(metadata))) {
      assertThat(told.encode("zqx", true)).containsExactly(420);
    }
  }

  @Test
  void sentencePieceIdsAreThoseOfTheSentencepieceLibrary() throws Exception {
    JsonNode expected = OracleFiles.json("expected.json").get("sentencePiece");
    try (HuggingFaceTokenizer tokenizer = open(sentencePiece(expected))) {
      for (int i = 0; i < expected.get("texts").size(); i++) {
        String text = expected.get("texts").get(i).asText();
        int[] found = tokenizer.encode(text, false);
        assertThat(found).as(text).isEqualTo(ints(expected.get("ids").get(i)));
        assertThat(tokenizer.decode(found, false)).isEqualTo(text);
        assertThat(tokenizer.encode(text, true)).startsWith(1).endsWith(found);
      }
    }
  }

  private HuggingFaceTokenizer open(GgufMetadata metadata) throws IOException {
    TokenizerModel model =
        TokenizerModel.of(metadata, metadata.requireTexts("tokenizer.ggml.tokens").size());
    Path directory = Files.createTempDirectory(folder, "model");
    try (OutputStream out = Files.newOutputStream(directory.resolve("tokenizer.json"))) {
      TokenizerJson.write(out, model);
    }
    return HuggingFaceTokenizer.open(directory);
  }

  private GgufMetadata llama3With(String key, String value) throws IOException {
    Map<String, GgufValue> metadata = new HashMap<>(llama3());
    metadata.put(key, new GgufValue.Text(value));
    return new GgufMetadata(metadata);
  }

  private Map<String, GgufValue> llama3() throws IOException {
    try (GgufFile file =
        GgufFile.open(OracleFiles.llama3(Files.createTempDirectory(folder, "g")))) {
      GgufMetadata metadata = file.metadata();
      List<Long> kinds = metadata.wholes("tokenizer.ggml.token_type");
      assertThat(kinds).isNotNull();
      return Map.of(
          "tokenizer.ggml.model", new GgufValue.Text("gpt2"),
          "tokenizer.ggml.pre", new GgufValue.Text("llama-bpe"),
          "tokenizer.ggml.tokens",
              new GgufValue.Texts(metadata.requireTexts("tokenizer.ggml.tokens")),
          "tokenizer.ggml.token_type", new GgufValue.Wholes(kinds),
          "tokenizer.ggml.merges",
              new GgufValue.Texts(metadata.requireTexts("tokenizer.ggml.merges")),
          "tokenizer.ggml.bos_token_id", new GgufValue.Whole(421),
          "tokenizer.ggml.eos_token_id", new GgufValue.Whole(422));
    }
  }

  private static GgufMetadata sentencePiece(JsonNode model) {
    List<String> tokens = new ArrayList<>();
    List<Double> scores = new ArrayList<>();
    List<Long> kinds = new ArrayList<>();
    for (int id = 0; id < model.get("tokens").size(); id++) {
      tokens.add(model.get("tokens").get(id).asText());
      scores.add(model.get("scores").get(id).asDouble());
      kinds.add(model.get("types").get(id).asLong());
    }
    return new GgufMetadata(
        Map.of(
            "tokenizer.ggml.model", new GgufValue.Text("llama"),
            "tokenizer.ggml.tokens", new GgufValue.Texts(tokens),
            "tokenizer.ggml.scores", new GgufValue.Reals(scores),
            "tokenizer.ggml.token_type", new GgufValue.Wholes(kinds),
            "tokenizer.ggml.unknown_token_id", new GgufValue.Whole(0),
            "tokenizer.ggml.bos_token_id", new GgufValue.Whole(1),
            "tokenizer.ggml.eos_token_id", new GgufValue.Whole(2)));
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }
}
