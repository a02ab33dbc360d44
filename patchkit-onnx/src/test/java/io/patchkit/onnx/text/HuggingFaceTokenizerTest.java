package io.patchkit.onnx.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.patchkit.CorruptModelException;
import io.patchkit.Patch;
import io.patchkit.onnx.ConformanceCase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HuggingFaceTokenizerTest {

  @TempDir Path folder;

  @Test
  void splitsTextIntoTokensAndJoinsThem() throws Exception {
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      // "the" and " the" are merged, the rest is bytes: é is C3 A9.
      assertThat(tokenizer.encode("the the é", false)).containsExactly(257, 258, 0x20, 0xC3, 0xA9);
      assertThat(tokenizer.encode("th", true)).containsExactly(259, 256);
      assertThat(tokenizer.encode("a</s>", false)).containsExactly('a', 260);
      assertThat(tokenizer.encode("", false)).isEmpty();
      assertThat(tokenizer.encode("\0😀", false)).containsExactly(0, 0xF0, 0x9F, 0x98, 0x80);
      assertThat(tokenizer.decode(new int[] {259, 257, 258, 260})).isEqualTo("the the");
      assertThat(tokenizer.decode(new int[] {259, 257}, false)).isEqualTo("<s>the");
      assertThat(tokenizer.vocabularySize()).isEqualTo(262);
      assertThat(tokenizer.addedToken("<think>")).hasValue(261);
      assertThat(tokenizer.addedToken("the")).isEmpty();
    }
  }

  @Test
  void leavesSpacesAsTheyAre() throws Exception {
    Files.writeString(
        folder.resolve("tokenizer_config.json"), "{\"clean_up_tokenization_spaces\": true}");
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      String text = "  Well , it 's\n\tso .";
      assertThat(tokenizer.decode(tokenizer.encode(text, true))).isEqualTo(text);
    }
  }

  @Test
  void neverCutsNorPads() throws Exception {
    ObjectNode definition = TokenizerFixtures.byteLevel();
    definition
        .putObject("truncation")
        .put("direction", "Right")
        .put("max_length", 3)
        .put("strategy", "LongestFirst")
        .put("stride", 0);
    definition
        .putObject("padding")
        .put("direction", "Right")
        .put("pad_id", 0)
        .put("pad_type_id", 0)
        .put("pad_token", "<s>")
        .putNull("pad_to_multiple_of")
        .putObject("strategy")
        .put("Fixed", 20);
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"model_max_length\": 3}");
    try (HuggingFaceTokenizer tokenizer = TokenizerFixtures.open(folder, definition)) {
      assertThat(tokenizer.encode("xyxy", false)).hasSize(4);
      assertThat(tokenizer.encode("xy".repeat(50_000), true)).hasSize(100_001);
    }
  }

  @Test
  void knowsTheTokensWithAPurpose() throws Exception {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"bos_token": {"content": "<s>", "lstrip": false}, "pad_token": null,
         "add_bos_token": true, "additional_special_tokens": ["<x>"]}
        """);
    Files.writeString(
        folder.resolve("special_tokens_map.json"),
        """
        {"bos_token": "<old>", "eos_token": {"content": "</s>"}, "pad_token": "<pad>"}
        """);
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      assertThat(tokenizer.specialTokens().bos()).hasValue("<s>");
      assertThat(tokenizer.specialTokens().eos()).hasValue("</s>");
      assertThat(tokenizer.specialTokens().pad()).isEmpty();
      assertThat(tokenizer.specialTokens().byName()).containsOnlyKeys("bos_token", "eos_token");
    }
  }

  @Test
  void countsIdsAboveTheVocabularyAsNothing() throws Exception {
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      assertThat(tokenizer.decode(new int[] {'a', 100_000, 'b'})).isEqualTo("ab");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> tokenizer.decode(new int[] {'a', -1}))
          .withMessageContaining("tokens[1] is -1");
    }
  }

  @Test
  void refusesHalfACharacter() throws Exception {
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> tokenizer.encode("😀a\uD83D", false))
          .withMessageContaining("index 3");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> tokenizer.encode("\uDE00\uD83D", false))
          .withMessageContaining("index 0");
    }
  }

  @Test
  void fingerprintIsOfWhatTheIdsStandFor() throws Exception {
    String lines =
        "0 5 <unk>\n"
            + "1 4 </s>\n"
            + "2 3 ▁\n"
            + "3 1 a\n"
            + "4 1 b\n"
            + "5 1 c\n"
            + "6 2 é\n"
            + "7 4 ▁a\n"
            + "8 2 ab\n"
            + "9 5 ▁ab\n"
            + "10 4 😀\n";
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest(lines.getBytes(StandardCharsets.UTF_8));
    assertThat(fingerprint(TokenizerFixtures.metaspace()))
        .isEqualTo(HexFormat.of().formatHex(digest));
  }

  @Test
  void fingerprintIsTheSameHoweverTheVocabularyIsWritten() throws Exception {
    String expected = fingerprint(TokenizerFixtures.byteLevel());
    ObjectNode other = TokenizerFixtures.byteLevel();
    ObjectNode model = (ObjectNode) other.get("model");
    Map<String, JsonNode> vocabulary = new TreeMap<>(Comparator.reverseOrder());
    model.get("vocab").properties().forEach(e -> vocabulary.put(e.getKey(), e.getValue()));
    ObjectNode reversed = model.putObject("vocab").setAll(vocabulary);
    reversed.put("<s>", 259).put("</s>", 260);
    model.put("ignore_merges", true).putArray("merges");
    other.putObject("normalizer").put("type", "NFC");
    other.putNull("pre_tokenizer");
    other.set("added_tokens", other.remove("added_tokens"));
    Files.writeString(folder.resolve("tokenizer.json"), other.toPrettyString());
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThat(tokenizer.fingerprint()).isEqualTo(expected);
    }
  }

  @Test
  void fingerprintTellsVocabulariesApart() throws Exception {
    Set<String> fingerprints = new HashSet<>();
    fingerprints.add(fingerprint(TokenizerFixtures.byteLevel()));
    for (Map<String, Integer> vocabulary :
        List.of(
            Map.of("a", 0, "b", 1),
            Map.of("a", 1, "b", 0),
            Map.of("a", 0, "b", 2),
            Map.of("a", 0, "c", 1),
            Map.of("a\n1 1 b", 0),
            Map.of("a\n1 b", 0),
            Map.of("a", 0))) {
      ObjectNode definition = TokenizerFixtures.byteLevel();
      ObjectNode model = (ObjectNode) definition.get("model");
      model.putArray("merges");
      vocabulary.forEach(model.putObject("vocab")::put);
      definition.putArray("added_tokens");
      definition.putNull("post_processor");
      fingerprints.add(fingerprint(definition));
    }
    ObjectNode renamed = TokenizerFixtures.byteLevel();
    ((ObjectNode) renamed.get("added_tokens").get(2)).put("content", "<thought>");
    fingerprints.add(fingerprint(renamed));
    assertThat(fingerprints).hasSize(9);
  }

  /** The export of onnxruntime-genai against the GGUF import that the patches were made on. */
  @Test
  void exportsOfOneCheckpointAgree() {
    Path export = Path.of("..", "..", "shared", "models", "smollm2-135m-instruct-int4");
    Assumptions.assumeTrue(Files.isDirectory(export), "the export is not here");
    Path patches = Path.of("..", "patchkit-examples", "patches");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(export)) {
      for (String name : List.of("refuse-harm", "less-toxic", "gender-neutral")) {
        assertThat(Patch.load(patches.resolve(name)).manifest().base().tokenizerFingerprint())
            .isEqualTo(tokenizer.fingerprint());
      }
    }
  }

  @Test
  void refusesWhatIsNotATokenizer() throws Exception {
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(folder))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("tokenizer.json is missing");

    String whole = TokenizerFixtures.byteLevel().toString();
    for (String broken :
        List.of(
            "",
            "[]",
            "null",
            "{}",
            whole.substring(0, whole.length() / 2),
            whole.replace("\"type\":\"BPE\"", "\"type\":\"Nonsense\""),
            whole.replace("\"th\":256", "\"th\":-256"),
            whole.replace("\"th\":256", "\"th\":2000000000"),
            whole.replace("\"th\":256", "\"th\":\"x\""))) {
      Files.writeString(folder.resolve("tokenizer.json"), broken);
      assertThatThrownBy(() -> HuggingFaceTokenizer.open(folder))
          .isInstanceOf(CorruptModelException.class)
          .hasMessageContaining("tokenizer.json is not a tokenizer");
    }
    Files.write(folder.resolve("tokenizer.json"), new byte[] {'{', '"', (byte) 0xFF, '"'});
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(folder))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("UTF-8");

    Files.writeString(folder.resolve("tokenizer.json"), whole);
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\": 3}");
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(folder))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("bos_token is 3");
  }

  @Test
  void isUnusableAfterClose() throws Exception {
    HuggingFaceTokenizer tokenizer = TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel());
    TextDecoder decoder = new TextDecoder(tokenizer);
    tokenizer.close();
    tokenizer.close();
    assertThatIllegalStateException().isThrownBy(() -> tokenizer.encode("a", false));
    assertThatIllegalStateException().isThrownBy(() -> tokenizer.decode(new int[] {1}));
    assertThatIllegalStateException().isThrownBy(() -> decoder.push('a'));
    assertThat(tokenizer.vocabularySize()).isEqualTo(262);
  }

  @Test
  void servesManyThreadsAndAClose() throws Exception {
    HuggingFaceTokenizer tokenizer = TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel());
    String text = "the theatre, then é 😀 ".repeat(20);
    int[] expected = tokenizer.encode(text, false);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<Integer>> results = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        results.add(
            threads.submit(
                () -> {
                  for (int round = 0; ; round++) {
                    try {
                      assertThat(tokenizer.encode(text, false)).isEqualTo(expected);
                      assertThat(tokenizer.decode(expected)).isEqualTo(text);
                    } catch (IllegalStateException closed) {
                      return round;
                    }
                  }
                }));
      }
      Thread.sleep(200);
      tokenizer.close();
      for (Future<Integer> rounds : results) {
        assertThat(rounds.get(10, TimeUnit.SECONDS)).isPositive();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** One space between two words, whether the tokenizer puts one before each text or not. */
  @Test
  void aContinuationReadsOnFromTheTextBefore() throws Exception {
    for (ObjectNode definition : TokenizerFixtures.all()) {
      try (HuggingFaceTokenizer tokenizer = TokenizerFixtures.open(folder, definition)) {
        int[] before = tokenizer.encode("ab", false);
        for (String text : List.of(" ab", "  ab", "")) {
          int[] after = tokenizer.encodeContinuation(text);
          int[] all = Arrays.copyOf(before, before.length + after.length);
          System.arraycopy(after, 0, all, before.length, after.length);
          assertThat(tokenizer.decode(all)).isEqualTo("ab" + text);
        }
        assertThat(tokenizer.encodeContinuation("ab")).isEqualTo(tokenizer.encode("ab", false));
      }
    }
  }

  /** Ids that transformers computed. */
  @Test
  void agreesWithTransformersOnTheConformanceCases() throws Exception {
    for (ConformanceCase subject : ConformanceCase.all()) {
      try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(subject.folder())) {
        for (JsonNode prompt : subject.expected().get("prompts")) {
          int[] ids =
              tokenizer.encode(
                  prompt.get("text").asText(), prompt.get("add_special_tokens").asBoolean());
          int[] wanted = new ObjectMapper().convertValue(prompt.get("input_ids"), int[].class);
          assertThat(ids).as(subject + ": " + prompt.get("text")).isEqualTo(wanted);
        }
      }
    }
  }

  private String fingerprint(ObjectNode definition) throws IOException {
    try (HuggingFaceTokenizer tokenizer = TokenizerFixtures.open(folder, definition)) {
      return tokenizer.fingerprint();
    }
  }
}
