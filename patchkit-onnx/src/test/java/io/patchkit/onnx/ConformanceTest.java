package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import io.patchkit.ChatMessage;
import io.patchkit.ContinuationScore;
import io.patchkit.GenerationOptions;
import io.patchkit.LanguageModel;
import io.patchkit.Prompt;
import io.patchkit.onnx.graph.Graph;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.graph.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * Logits, log-probabilities, greedy tokens and tokenization against torch, transformers and PEFT,
 * for every case and every stack of patches in it.
 */
class ConformanceTest {

  private static final double TOLERANCE = 1e-3;

  /** The activations of an int4 graph are quantised too, differently on each kind of processor. */
  private static final double INT4_TOLERANCE = 0.5;

  @TestFactory
  Stream<DynamicNode> cases() {
    return ConformanceCase.all().stream().map(ConformanceTest::container);
  }

  private static DynamicNode container(ConformanceCase subject) {
    List<DynamicNode> tests = new ArrayList<>();
    tests.add(dynamicTest("tokens", () -> tokenizesAsExpected(subject)));
    for (String stack : subject.stacks()) {
      tests.add(dynamicTest(stack, () -> givesExpectedValues(subject, stack)));
    }
    tests.add(dynamicTest("mixed rows", () -> givesExpectedRows(subject)));
    if (subject.isInt4()) {
      tests.add(dynamicTest("floats of int4", () -> givesValuesOfDequantisedWeights(subject)));
    }
    return dynamicContainer(subject.name(), tests);
  }

  private static void tokenizesAsExpected(ConformanceCase subject) {
    try (OnnxModel model = OnnxModel.open(subject.folder())) {
      for (int i = 0; i < subject.prompts(); i++) {
        JsonNode prompt = subject.prompt(i);
        assertThat(
                model
                    .tokenizer()
                    .encode(
                        prompt.get("text").asText(), prompt.get("add_special_tokens").asBoolean()))
            .isEqualTo(ConformanceCase.ints(prompt.get("input_ids")));
      }
    }
  }

  private static void givesExpectedValues(ConformanceCase subject, String stack) {
    try (OnnxModel model = OnnxModel.open(subject.folder())) {
      LanguageModel view = model.withPatches(subject.stack(stack));
      for (int i = 0; i < subject.prompts(); i++) {
        check(subject, view, stack, i);
      }
    }
  }

  /** With activations left in floats, int4 is as exact as the rest. */
  private static void givesValuesOfDequantisedWeights(ConformanceCase subject) throws IOException {
    Path folder = Files.createTempDirectory("int4");
    try (Stream<Path> files = Files.list(subject.folder())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Graph graph = ModelFile.read(folder.resolve("model.onnx")).graph();
    for (Node node : graph.nodes()) {
      if (node.isMicrosoft("MatMulNBits")) {
        graph.remove(node);
        graph.add(node.with("accuracy_level", 0));
      }
    }
    // Beside the original, which holds some of the weights.
    Files.write(folder.resolve("floats.onnx"), graph.toBytes());
    Path config = folder.resolve("genai_config.json");
    Files.writeString(config, Files.readString(config).replace("model.onnx", "floats.onnx"));
    JsonNode exact = subject.expected().get("values_dequantised_torch");
    try (OnnxModel model = OnnxModel.open(folder)) {
      for (Iterator<String> stacks = exact.fieldNames(); stacks.hasNext(); ) {
        String stack = stacks.next();
        LanguageModel view = model.withPatches(subject.stack(stack));
        for (int i = 0; i < subject.prompts(); i++) {
          checkNumbers(subject, view, exact.get(stack).get(i), i, TOLERANCE);
        }
      }
    }
  }

  private static void givesExpectedRows(ConformanceCase subject) {
    try (OnnxModel model = OnnxModel.open(subject.folder())) {
      for (JsonNode row : subject.expected().get("batch").get("rows")) {
        String stack = row.get("patch").asText();
        check(subject, model.withPatches(subject.stack(stack)), stack, row.get("prompt").asInt());
      }
    }
  }

  private static void check(
      ConformanceCase subject, LanguageModel view, String stack, int promptIndex) {
    JsonNode values = subject.values(stack, promptIndex);
    JsonNode promptNode = subject.prompt(promptIndex);
    Prompt prompt = Prompt.tokens(ConformanceCase.ints(promptNode.get("input_ids")));
    double tolerance = subject.isInt4() ? INT4_TOLERANCE : TOLERANCE;
    checkNumbers(subject, view, values, promptIndex, tolerance);

    int[] greedy = ConformanceCase.ints(values.get("greedy_ids"));
    GenerationOptions options =
        GenerationOptions.defaults().withMaxNewTokens(greedy.length).withIgnoreStopTokens(true);
    if (!subject.isInt4() || values.get("greedy_min_gap").asDouble() > INT4_TOLERANCE) {
      assertThat(view.generate(prompt, options).tokenIds()).as("greedy tokens").isEqualTo(greedy);
    }

    if (promptNode.has("messages")) {
      List<ChatMessage> messages = new ArrayList<>();
      for (JsonNode message : promptNode.get("messages")) {
        messages.add(
            new ChatMessage(message.get("role").asText(), message.get("content").asText()));
      }
      assertThat(view.chat(messages, options).tokens())
          .as("chat")
          .isEqualTo(view.generate(prompt, options).tokens());
    }
  }

  private static void checkNumbers(
      ConformanceCase subject,
      LanguageModel view,
      JsonNode values,
      int promptIndex,
      double tolerance) {
    JsonNode promptNode = subject.prompt(promptIndex);
    Prompt prompt = Prompt.tokens(ConformanceCase.ints(promptNode.get("input_ids")));
    float[] logits = view.nextTokenLogits(prompt);
    double[] expectedLogits = ConformanceCase.doubles(values.get("last_logits"));
    assertThat(logits).hasSameSizeAs(expectedLogits);
    for (int i = 0; i < logits.length; i++) {
      assertThat((double) logits[i])
          .as("logit %d", i)
          .isCloseTo(expectedLogits[i], within(tolerance));
    }

    ContinuationScore score =
        view.score(prompt, ConformanceCase.ints(promptNode.get("continuation_ids")));
    double[] expectedScores = ConformanceCase.doubles(values.get("continuation_token_logprobs"));
    assertThat(score.logProbabilities()).hasSameSizeAs(expectedScores);
    for (int i = 0; i < expectedScores.length; i++) {
      assertThat(score.logProbabilities().get(i))
          .as("log-probability %d", i)
          .isCloseTo(expectedScores[i], within(tolerance));
    }
  }
}
