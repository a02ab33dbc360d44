package io.patchkit.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.BaseModel;
import io.patchkit.ContinuationScore;
import io.patchkit.EngineException;
import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.KeyValuePrefix;
import io.patchkit.LanguageModel;
import io.patchkit.ModelShape;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.Prompt;
import io.patchkit.SemanticVersion;
import io.patchkit.TokenStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What generation promises whatever the model says. */
class GenerationTest {

  private static OnnxModel model;

  @BeforeContainer
  static void open() {
    model = OnnxModel.open(Path.of("src/test/resources/cases/llama-gqa"));
  }

  @AfterContainer
  static void close() {
    model.close();
  }

  /** The random model speaks broken bytes, so that pieces are put to the test. */
  @Property(tries = 60)
  void piecesAreTheTextInWholeCharacters(
      @ForAll long seed, @ForAll @DoubleRange(min = 0.5, max = 5) double temperature) {
    GenerationOptions options =
        GenerationOptions.defaults()
            .withMaxNewTokens(40)
            .withTemperature(temperature)
            .withSeed(seed)
            .withIgnoreStopTokens(true);
    StringBuilder joined = new StringBuilder();
    Generation streamed;
    try (TokenStream stream = model.stream("The river", options)) {
      for (String piece : stream) {
        assertThat(piece).isNotEmpty();
        assertThat(Character.isLowSurrogate(piece.charAt(0))).isFalse();
        assertThat(Character.isHighSurrogate(piece.charAt(piece.length() - 1))).isFalse();
        joined.append(piece);
      }
      streamed = stream.generation();
    }
    assertThat(joined).hasToString(streamed.text());
    assertThat(streamed.tokens()).hasSize(40);
    assertThat(streamed.finishReason()).isEqualTo(FinishReason.MAX_NEW_TOKENS);
    assertThat(streamed.text()).isEqualTo(model.tokenizer().decode(streamed.tokenIds()));
    Generation again = model.generate("The river", options);
    assertThat(again.tokens()).isEqualTo(streamed.tokens());
  }

  @Example
  void scoresNothingThatIsNotANumber() {
    LanguageModel overflowing = model.withPatch(overflow());
    assertThatThrownBy(() -> overflowing.score(Prompt.text("The river"), new int[] {5, 9}))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("the log-probability of token 5 is not a number");
  }

  @Example
  void givesNoLogitsThatAreNotNumbers() {
    LanguageModel overflowing = model.withPatch(overflow());
    GenerationOptions oneToken = GenerationOptions.defaults().withMaxNewTokens(1);
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> overflowing.nextTokenLogits("The river"),
            () -> overflowing.generate("The river", oneToken))) {
      assertThatThrownBy(call)
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("the logit of token 0 is not a finite number");
    }
  }

  /** Keys near the end of single precision make the attention's scores infinite. */
  private static Patch overflow() {
    ModelShape shape = model.shape();
    float[] rows = new float[2 * shape.layers() * shape.keyValueHeads() * shape.headDim()];
    Arrays.fill(rows, 3e38f);
    PatchManifest manifest =
        PatchManifest.of(
            "overflow",
            SemanticVersion.parse("1.0.0"),
            new BaseModel("base", List.of(), null, 0, 0, 0, 0),
            Instant.EPOCH);
    return Patch.of(
        manifest, KeyValuePrefix.of(shape.layers(), shape.keyValueHeads(), shape.headDim(), rows));
  }

  /** A stop string cuts the text where it would first appear, and shows no part of itself. */
  @Property(tries = 40)
  void stopsBeforeTheStopString(@ForAll long seed) {
    GenerationOptions options =
        GenerationOptions.defaults()
            .withMaxNewTokens(40)
            .withTemperature(1)
            .withSeed(seed)
            .withIgnoreStopTokens(true);
    String whole = model.generate("The river", options).text();
    int from = (int) Math.floorMod(seed, (long) Math.max(1, whole.length() - 4));
    String stop = whole.substring(from, Math.min(whole.length(), from + 3));
    if (stop.isEmpty() || stop.indexOf('\uFFFD') >= 0 || !stop.equals(wellFormed(stop))) {
      return;
    }
    Generation stopped = model.generate("The river", options.withStopStrings(stop, "\u0000no"));
    assertThat(stopped.finishReason()).isEqualTo(FinishReason.STOP_STRING);
    assertThat(stopped.text()).isEqualTo(whole.substring(0, whole.indexOf(stop)));
  }

  private static String wellFormed(String text) {
    return new String(
        text.getBytes(java.nio.charset.StandardCharsets.UTF_8),
        java.nio.charset.StandardCharsets.UTF_8);
  }

  /** A stop token ends the text, and is neither in the text nor among the tokens. */
  @Property(tries = 30)
  void stopsAtTheModelsStopTokens(@ForAll long seed) {
    GenerationOptions options =
        GenerationOptions.defaults().withMaxNewTokens(80).withTemperature(5).withSeed(seed);
    List<Integer> free = model.generate("The river", options.withIgnoreStopTokens(true)).tokens();
    Generation stopped = model.generate("The river", options);
    int stop = 0;
    while (stop < free.size() && free.get(stop) != 2 && free.get(stop) != 4) {
      stop++;
    }
    assertThat(stopped.tokens()).isEqualTo(free.subList(0, stop));
    assertThat(stopped.finishReason())
        .isEqualTo(stop < 80 ? FinishReason.STOP_TOKEN : FinishReason.MAX_NEW_TOKENS);
  }

  /**
   * The score of a continuation is what a softmax over the next-token logits says, step by step.
   */
  @Property(tries = 10)
  void scoresAreSoftmaxesOfTheLogits(@ForAll long seed) {
    java.util.Random random = new java.util.Random(seed);
    int[] tokens = random.ints(6, 5, 384).toArray();
    ContinuationScore score =
        model.score(
            Prompt.tokens(tokens[0], tokens[1]), java.util.Arrays.copyOfRange(tokens, 2, 6));
    for (int i = 2; i < 6; i++) {
      float[] logits = model.nextTokenLogits(Prompt.tokens(java.util.Arrays.copyOf(tokens, i)));
      double sum = 0;
      for (float logit : logits) {
        sum += Math.exp(logit);
      }
      assertThat(score.logProbabilities().get(i - 2))
          .isCloseTo(
              logits[tokens[i]] - Math.log(sum), org.assertj.core.api.Assertions.within(1e-4));
    }
    assertThat(score.perplexity()).isGreaterThanOrEqualTo(1);
  }
}
