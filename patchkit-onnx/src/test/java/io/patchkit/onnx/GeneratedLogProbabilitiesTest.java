package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.ContinuationScore;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationQueue;
import io.patchkit.GenerationRequest;
import io.patchkit.LanguageModel;
import io.patchkit.Patch;
import io.patchkit.PatchStack;
import io.patchkit.Prompt;
import io.patchkit.TokenStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a generation says of its tokens is what scoring them says. */
class GeneratedLogProbabilitiesTest {

  private static final Path CASES = Path.of("src/test/resources/cases");

  private static final GenerationOptions GREEDY =
      GenerationOptions.defaults()
          .withMaxNewTokens(12)
          .withIgnoreStopTokens(true)
          .withLogProbabilities(true);

  /** Choices that the model's own distribution does not make. */
  private static final List<GenerationOptions> OPTIONS =
      List.of(
          GREEDY,
          GREEDY.withRepetitionPenalty(3),
          GREEDY.withTemperature(5).withSeed(3),
          GREEDY.withTemperature(2).withTopK(20).withTopP(0.9).withRepetitionPenalty(1.5),
          GREEDY.withIgnoreStopTokens(false).withTemperature(5).withSeed(8));

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa", "gpt2"})
  void areTheScoresOfTheTokens(String name) throws Exception {
    Path adapter = CASES.resolve(name.equals("gpt2") ? name : "llama").resolve("peft-a");
    PatchStack stack = PatchStack.of(Patch.fromPeft(adapter));
    try (OnnxModel model = OnnxModel.open(CASES.resolve(name));
        GenerationQueue queue = model.openQueue(20)) {
      LanguageModel patched = model.withPatches(stack);
      List<GenerationRequest> requests = new ArrayList<>();
      for (int i = 0; i < OPTIONS.size(); i++) {
        requests.add(
            GenerationRequest.of(Prompt.tokens(5, 6 + i, 7), OPTIONS.get(i)).withPatches(stack));
      }
      List<Generation> together = model.generateAll(requests);
      for (int i = 0; i < requests.size(); i++) {
        Prompt prompt = requests.get(i).prompt();
        requireScores(patched, prompt, patched.generate(prompt, OPTIONS.get(i)));
        requireScores(patched, prompt, together.get(i));
        requireScores(patched, prompt, queue.submit(requests.get(i)).get());
        try (TokenStream stream = patched.stream(prompt, OPTIONS.get(i))) {
          stream.forEach(piece -> {});
          requireScores(patched, prompt, stream.generation());
        }
      }
    }
  }

  private static void requireScores(LanguageModel model, Prompt prompt, Generation generation) {
    int[] tokens = generation.tokenIds();
    assertThat(generation.logProbabilities()).hasSize(tokens.length);
    ContinuationScore score = model.score(prompt, tokens);
    for (int i = 0; i < tokens.length; i++) {
      assertThat(generation.logProbabilities().get(i))
          .as("token %d", i)
          .isCloseTo(score.logProbabilities().get(i), within(1e-3));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa"})
  void areThereOnlyWhenAskedFor(String name) {
    try (OnnxModel model = OnnxModel.open(CASES.resolve(name))) {
      Generation asked = model.generate("The river", GREEDY);
      Generation plain = model.generate("The river", GREEDY.withLogProbabilities(false));
      assertThat(plain.logProbabilities()).isEmpty();
      assertThat(plain.tokens()).isEqualTo(asked.tokens()).isNotEmpty();
    }
  }
}
