package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.patchkit.BaseModel;
import io.patchkit.ContextOverflowException;
import io.patchkit.EmbeddingSpace;
import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationRequest;
import io.patchkit.IncompatiblePatchException;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.PatchStack;
import io.patchkit.Prompt;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a batch gives each row is what the row gets alone. */
class BatchTest {

  private static final Path CASES = Path.of("src/test/resources/cases");
  private static final GenerationOptions LONG =
      GenerationOptions.defaults().withMaxNewTokens(60).withIgnoreStopTokens(true);

  @TestFactory
  Stream<DynamicTest> rowsAreWhatTheyAreAlone() {
    return ConformanceCase.all().stream()
        .map(subject -> dynamicTest(subject.name(), () -> rowsAreWhatTheyAreAlone(subject)));
  }

  /** More rows than places, of many lengths, so that rows leave and join all the time. */
  private static void rowsAreWhatTheyAreAlone(ConformanceCase subject) {
    OnnxOptions options = OnnxOptions.defaults().withThreads(1).withBatchRows(3);
    try (OnnxModel model = OnnxModel.open(subject.folder(), options)) {
      Random random = new Random(7);
      List<GenerationRequest> requests = new ArrayList<>();
      List<Generation> alone = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        List<String> stacks = subject.stacks();
        PatchStack stack = subject.stack(stacks.get(i % stacks.size()));
        GenerationOptions how =
            GenerationOptions.defaults()
                .withMaxNewTokens(1 + random.nextInt(12))
                .withIgnoreStopTokens(i % 3 != 0)
                .withTemperature(i % 4 == 3 ? 0.9 : 0)
                .withTopP(0.95)
                .withSeed(i);
        int[] prompt = new int[i % 4 == 2 ? 1 : 2 + random.nextInt(24)];
        for (int j = 0; j < prompt.length; j++) {
          prompt[j] = 3 + random.nextInt(50);
        }
        requests.add(GenerationRequest.of(Prompt.tokens(prompt), how).withPatches(stack));
        alone.add(model.withPatches(stack).generate(Prompt.tokens(prompt), how));
      }
      List<Generation> together = model.generateAll(requests);
      if (subject.name().endsWith("-int4")) {
        requireSameButForTies(model, requests, together, alone);
      } else {
        requireSame(together, alone);
      }
    }
  }

  /**
   * On some processors the runtime's 4-bit kernels round a row of a batch otherwise than alone. A
   * greedy row may part from it where two tokens are all but equal, a drawn one anywhere.
   */
  private static void requireSameButForTies(
      OnnxModel model,
      List<GenerationRequest> requests,
      List<Generation> together,
      List<Generation> alone) {
    int parted = 0;
    for (int i = 0; i < alone.size(); i++) {
      List<Integer> expected = alone.get(i).tokens();
      List<Integer> found = together.get(i).tokens();
      if (found.equals(expected)) {
        requireSame(together.subList(i, i + 1), alone.subList(i, i + 1));
        continue;
      }
      parted++;
      int at = 0;
      while (at < Math.min(expected.size(), found.size())
          && expected.get(at).equals(found.get(at))) {
        at++;
      }
      if (requests.get(i).options().isGreedy()) {
        float[] logits = logitsBehind(model, requests.get(i), expected.subList(0, at));
        assertThat(found.size()).as("row %d", i).isGreaterThan(at);
        assertThat(expected.size()).as("row %d", i).isGreaterThan(at);
        assertThat(logits[found.get(at)])
            .as("row %d parts at token %d", i, at)
            .isCloseTo(logits[expected.get(at)], within(0.01f));
      }
    }
    assertThat(parted).isLessThanOrEqualTo(2);
  }

  private static float[] logitsBehind(
      OnnxModel model, GenerationRequest request, List<Integer> answer) {
    int[] prompt = ((Prompt.Tokens) request.prompt()).ids();
    int[] all = Arrays.copyOf(prompt, prompt.length + answer.size());
    for (int i = 0; i < answer.size(); i++) {
      all[prompt.length + i] = answer.get(i);
    }
    return model
        .withPatches(Objects.requireNonNull(request.patches()))
        .nextTokenLogits(Prompt.tokens(all));
  }

  /** The second batch begins in whatever room the first has left: none, too little, too much. */
  @ParameterizedTest
  @ValueSource(ints = {0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 160, 192, 256, 512})
  void rowsAreWhatTheyAreAloneInUsedRoom(int idleKilobytes) {
    OnnxOptions options = OnnxOptions.defaults().withIdleBufferBytes(idleKilobytes * 1024L);
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama-gqa"), options)) {
      List<GenerationRequest> requests = new ArrayList<>();
      List<Generation> alone = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        Prompt prompt = Prompt.tokens(3 + i, 5, 7 + i);
        GenerationOptions how = LONG.withMaxNewTokens(4 + i);
        requests.add(GenerationRequest.of(prompt, how));
        alone.add(model.generate(prompt, how));
      }
      requireSame(model.generateAll(requests), alone);
      requireSame(model.generateAll(requests.subList(0, 3)), alone.subList(0, 3));
      requireSame(model.generateAll(requests), alone);
    }
  }

  private static void requireSame(List<Generation> together, List<Generation> alone) {
    assertThat(together).hasSameSizeAs(alone);
    for (int i = 0; i < alone.size(); i++) {
      assertThat(together.get(i).tokens()).as("row %d", i).isEqualTo(alone.get(i).tokens());
      assertThat(together.get(i).text()).as("row %d", i).isEqualTo(alone.get(i).text());
      assertThat(together.get(i).finishReason()).isEqualTo(alone.get(i).finishReason());
      assertThat(together.get(i).promptTokens()).isEqualTo(alone.get(i).promptTokens());
      assertThat(together.get(i).prefixTokens()).isEqualTo(alone.get(i).prefixTokens());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-gqa", "gemma"})
  void feedsASharedBeginningOnce(String name) {
    try (OnnxModel model = OnnxModel.open(CASES.resolve(name))) {
      List<GenerationRequest> requests = new ArrayList<>();
      List<Generation> alone = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        int[] prompt = new int[60];
        for (int j = 0; j < prompt.length; j++) {
          prompt[j] = j < 50 ? 3 + j % 40 : 3 + (i / 2 * 7 + j) % 40;
        }
        GenerationOptions how = LONG.withMaxNewTokens(8);
        requests.add(GenerationRequest.of(Prompt.tokens(prompt), how));
        alone.add(model.generate(Prompt.tokens(prompt), how));
      }
      long before = model.metrics().prefilledTokens();
      List<Generation> together = model.generateAll(requests);
      for (int i = 0; i < alone.size(); i++) {
        assertThat(together.get(i).tokens()).isEqualTo(alone.get(i).tokens());
      }
      // 50 tokens once, then the last ten of each row.
      assertThat(model.metrics().prefilledTokens() - before).isEqualTo(50 + 6 * 10);
    }
  }

  @Test
  void startsNothingIfOneRequestIsNotValid() {
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama"))) {
      GenerationRequest good = GenerationRequest.of("The river", LONG);
      assertThatThrownBy(
              () ->
                  model.generateAll(
                      List.of(good, GenerationRequest.of(Prompt.tokens(999_999), LONG))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("request 1: token 0 is 999999");
      assertThatThrownBy(
              () ->
                  model.generateAll(
                      List.of(good, GenerationRequest.of("x", LONG.withMaxNewTokens(1_000_000)))))
          .isInstanceOf(ContextOverflowException.class)
          .hasMessageStartingWith("request 1: the request needs")
          .hasCauseInstanceOf(ContextOverflowException.class);
      assertThatThrownBy(() -> model.generateAll(List.of(good, good.withPatch(ofAnotherWidth()))))
          .isInstanceOf(IncompatiblePatchException.class)
          .hasMessageStartingWith("request 1: ")
          .hasCauseInstanceOf(IncompatiblePatchException.class)
          .satisfies(
              thrown ->
                  assertThat(((IncompatiblePatchException) thrown).mismatch())
                      .isEqualTo(IncompatiblePatchException.Mismatch.SHAPE));
      assertThat(model.metrics().prefilledTokens()).isZero();
      assertThat(model.generateAll(List.of())).isEmpty();
    }
  }

  private static Patch ofAnotherWidth() {
    return Patch.of(
        PatchManifest.of(
            "other",
            new SemanticVersion(1, 0, 0, ""),
            new BaseModel("other", List.of(), null, 4, 0, 0, 0),
            Instant.EPOCH),
        SoftPrompt.of(4, EmbeddingSpace.LAYER_INPUT, new float[4]));
  }

  @Test
  void anInterruptEndsTheRest() {
    try (OnnxModel model = OnnxModel.open(CASES.resolve("llama-gqa"))) {
      Thread.currentThread().interrupt();
      List<Generation> generations =
          model.generateAll(List.of(GenerationRequest.of("The river", LONG)));
      assertThat(Thread.interrupted()).isTrue();
      assertThat(generations.get(0).finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(model.metrics().prefilledTokens()).isZero();
    }
  }
}
