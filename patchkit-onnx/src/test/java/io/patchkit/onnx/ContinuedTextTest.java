package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.patchkit.ChatMessage;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationRequest;
import io.patchkit.Prompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Text behind a prompt, from a tokenizer that takes away the space that a text begins with. */
class ContinuedTextTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @BeforeEach
  void copyModel() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/test/resources/cases/llama"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Path file = folder.resolve("tokenizer.json");
    ObjectNode tokenizer = (ObjectNode) JSON.readTree(file.toFile());
    ObjectNode decoder = JSON.createObjectNode().put("type", "Sequence");
    decoder
        .putArray("decoders")
        .add(tokenizer.get("decoder"))
        .add(JSON.readTree("{\"type\": \"Strip\", \"content\": \" \", \"start\": 1, \"stop\": 0}"));
    tokenizer.set("decoder", decoder);
    Files.writeString(file, tokenizer.toString());
  }

  @Test
  void aTextGoesOnAndATurnBegins() {
    int spaces = 0;
    try (OnnxModel model = OnnxModel.open(folder)) {
      Prompt text = Prompt.text("The river");
      Prompt chat = Prompt.chat(List.of(ChatMessage.user("The river")));
      for (int seed = 0; seed < 20; seed++) {
        GenerationOptions how =
            GenerationOptions.defaults().withMaxNewTokens(6).withTemperature(5).withSeed(seed);
        Generation alone = model.generate(text, how);
        Generation listed = model.generateAll(List.of(GenerationRequest.of(text, how))).get(0);
        String expected = decodedBehind(model, "The river", alone);
        assertThat(alone.text()).isEqualTo(expected);
        assertThat(listed.text()).isEqualTo(expected);
        spaces += expected.startsWith(" ") ? 1 : 0;
        Generation turn = model.generate(chat, how);
        assertThat(turn.text()).isEqualTo(model.tokenizer().decode(turn.tokenIds()));
        spaces += decodedBehind(model, "assistant\n", turn).startsWith(" ") ? 1 : 0;
      }
    }
    assertThat(spaces).isGreaterThan(4);
  }

  @Test
  void aTurnThatWasBegunGoesOn() {
    int spaces = 0;
    try (OnnxModel model = OnnxModel.open(folder)) {
      Prompt begun =
          Prompt.chat(List.of(ChatMessage.user("Where?"), ChatMessage.assistant("The river")))
              .continuing();
      for (int seed = 0; seed < 100; seed++) {
        Generation answer =
            model.generate(
                begun,
                GenerationOptions.defaults().withMaxNewTokens(2).withTemperature(5).withSeed(seed));
        assertThat(answer.text()).isEqualTo(decodedBehind(model, "The river", answer));
        spaces += answer.text().startsWith(" ") ? 1 : 0;
      }
    }
    assertThat(spaces).isPositive();
  }

  private static String decodedBehind(OnnxModel model, String text, Generation generation) {
    int[] before = model.tokenizer().encode(text, true);
    int[] all = Arrays.copyOf(before, before.length + generation.tokens().size());
    System.arraycopy(generation.tokenIds(), 0, all, before.length, all.length - before.length);
    return model.tokenizer().decode(all).substring(text.length());
  }
}
