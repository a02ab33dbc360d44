package io.patchkit.onnx.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.patchkit.CorruptModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
  void fingerprintIsTheDigestOfTheFile() throws Exception {
    Path file = folder.resolve("tokenizer.json");
    try (HuggingFaceTokenizer tokenizer =
        TokenizerFixtures.open(folder, TokenizerFixtures.byteLevel())) {
      Process sha256sum = new ProcessBuilder("sha256sum", file.toString()).start();
      String expected = new String(sha256sum.getInputStream().readAllBytes()).split(" ")[0];
      assertThat(tokenizer.fingerprint()).isEqualTo(expected);
    } catch (IOException e) {
      Assumptions.abort("no sha256sum here: " + e.getMessage());
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

  /** Ids that transformers computed. */
  @Test
  void agreesWithTransformersOnTheConformanceCases() throws Exception {
    Path cases = Path.of("..", "..", "shared", "cases");
    Assumptions.assumeTrue(Files.isDirectory(cases), "the conformance cases are not here");
    for (String name : List.of("llama", "gpt2", "phi3")) {
      JsonNode expected =
          new ObjectMapper().readTree(cases.resolve(name).resolve("expected.json").toFile());
      try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(cases.resolve(name))) {
        for (JsonNode prompt : expected.get("prompts")) {
          int[] ids =
              tokenizer.encode(
                  prompt.get("text").asText(), prompt.get("add_special_tokens").asBoolean());
          int[] wanted = new ObjectMapper().convertValue(prompt.get("input_ids"), int[].class);
          assertThat(ids).as(name + ": " + prompt.get("text")).isEqualTo(wanted);
        }
      }
    }
  }
}
