package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.PatchStack;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How a request ends, and what it leaves, given the tokens that are the likeliest. */
class TextGenerationTest {

  private static final Path FOLDER = Path.of("src/test/resources/cases/llama-gqa");
  private static final int STOP = 2;
  private static final int[] PROMPT = {3};

  private final AtomicLong nanos = new AtomicLong();
  private final DecoderEngine engine = SmallEngine.load(FOLDER, 16, 8, 2, null, nanos::get);
  private final HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(FOLDER);
  private final int vocabulary = engine.shape().vocabularySize();
  private final int[] tokens = tokenizer.encode("The river", false);
  private final String text = tokenizer.decode(tokens);

  @AfterEach
  void close() {
    engine.close();
    tokenizer.close();
  }

  /** The text might still become the longer stop string when the shorter one has come in it. */
  @Test
  void aStopStringThatShowsAtTheEndIsTheReason() {
    String last = text.substring(text.length() - 1);
    TextGeneration generation =
        generation(GenerationOptions.defaults().withStopStrings(text + "!", last));
    for (int token : tokens) {
      generation.accept(likeliest(token));
    }
    assertThat(generation.generation()).isNull();
    generation.accept(likeliest(STOP));
    Generation ended = Objects.requireNonNull(generation.generation());
    assertThat(ended.text()).isEqualTo(text.substring(0, text.indexOf(last)));
    assertThat(ended.finishReason()).isEqualTo(FinishReason.STOP_STRING);
  }

  @Test
  void aStopTokenIsTheReasonWhereNoStopStringShows() {
    TextGeneration generation =
        generation(GenerationOptions.defaults().withStopStrings(text + "!"));
    for (int token : tokens) {
      generation.accept(likeliest(token));
    }
    generation.accept(likeliest(STOP));
    Generation ended = Objects.requireNonNull(generation.generation());
    assertThat(ended.text()).isEqualTo(text);
    assertThat(ended.finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
  }

  /** The time ends after a token and before the next pass. */
  @Test
  void theTimeLimitLosesNoTextThatWasHeldBack() {
    GenerationOptions how =
        GenerationOptions.defaults()
            .withMaxNewTokens(100)
            .withStopStrings(text + "!")
            .withTimeLimit(Duration.ofMillis(400));
    BatchRow row =
        engine.row(new DecoderRequest(PatchStack.empty(), PROMPT, how, false), Ending.untold());
    for (int token : tokens) {
      row.accept(likeliest(token));
    }
    assertThat(row.hasEnded()).isFalse();
    nanos.addAndGet(400_000_000);
    assertThat(row.endsEarly()).isTrue();
    assertThat(row.result().finishReason()).isEqualTo(FinishReason.TIME_LIMIT);
    assertThat(row.result().text()).isEqualTo(text);
  }

  /** Results are kept until all of a call have ended, and longer by who asked for them. */
  @Test
  void keepsNothingOfTheSizeOfTheVocabulary() throws ReflectiveOperationException {
    TextGeneration generation =
        generation(GenerationOptions.defaults().withTemperature(1).withTopP(0.5));
    generation.accept(likeliest(tokens[0]));
    assertThat(numbersHeld(generation)).isGreaterThanOrEqualTo(2L * vocabulary);
    generation.accept(likeliest(STOP));
    assertThat(generation.generation()).isNotNull();
    assertThat(numbersHeld(generation)).isZero();
  }

  /** The floats and doubles in arrays of an object of this package, and of those it refers to. */
  private static long numbersHeld(Object object) throws ReflectiveOperationException {
    long numbers = 0;
    for (Field field : object.getClass().getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers())) {
        continue;
      }
      field.setAccessible(true);
      Object value = field.get(object);
      if (value instanceof float[] floats) {
        numbers += floats.length;
      } else if (value instanceof double[] doubles) {
        numbers += doubles.length;
      } else if (value != null
          && value.getClass().getPackage() == TextGeneration.class.getPackage()) {
        numbers += numbersHeld(value);
      }
    }
    return numbers;
  }

  private TextGeneration generation(GenerationOptions how) {
    return new TextGeneration(
        PROMPT,
        new TextGeneration.Request(how, Set.of(STOP), 0, vocabulary, false),
        tokenizer,
        System::nanoTime);
  }

  /** Logits after which every way of choosing takes this token. */
  private FloatBuffer likeliest(int token) {
    float[] logits = new float[vocabulary];
    Arrays.fill(logits, -100);
    logits[token] = 100;
    return FloatBuffer.wrap(logits);
  }
}
