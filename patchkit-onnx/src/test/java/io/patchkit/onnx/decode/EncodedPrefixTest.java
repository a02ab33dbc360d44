package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.patchkit.GenerationListener;
import io.patchkit.onnx.ConformanceCase;
import io.patchkit.onnx.graph.ModelFile;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * One pass over the embeddings of prefix and prompt, and a pass over the prompt behind the stored
 * keys and values of the prefix, are the same computation.
 */
class EncodedPrefixTest {

  private static final double TOLERANCE = 1e-4;

  /** Of the cases in the test resources. */
  private static final int SMALL_HEAD_DIM = 16;

  @TestFactory
  Stream<DynamicTest> storedKeysAndValuesStandForTheEmbeddings() {
    return ConformanceCase.all().stream()
        .map(
            subject ->
                dynamicTest(
                    subject.name(), () -> comparePaths(subject.folder(), headDim(subject), 5)));
  }

  @Property(tries = 25)
  void anyPrefixLength(@ForAll @IntRange(min = 1, max = 200) int length) {
    comparePaths(Path.of("src/test/resources/cases/llama"), SMALL_HEAD_DIM, length);
    // These two have tables of positions, with 128 rows.
    int fitting = Math.min(length, 120);
    comparePaths(Path.of("src/test/resources/cases/llama-gqa"), SMALL_HEAD_DIM, fitting);
    comparePaths(Path.of("src/test/resources/cases/gpt2"), SMALL_HEAD_DIM, fitting);
  }

  @Property(tries = 10)
  void anyChunk(@ForAll @IntRange(min = 1, max = 12) int chunk) {
    for (String name : new String[] {"llama-gqa", "llama", "gpt2", "gemma"}) {
      ModelFile file = modelFile(Path.of("src/test/resources/cases", name));
      int[] prompt = {5, 9, 33, 17, 8, 21, 40, 11, 6, 90, 100, 7};
      float[] whole;
      float[] chunked;
      try (DecoderSession session =
          DecoderLoader.load(file, settings(SMALL_HEAD_DIM, 512), null).session()) {
        whole = logits(session, prompt);
      }
      try (DecoderSession session =
          DecoderLoader.load(file, settings(SMALL_HEAD_DIM, chunk), null).session()) {
        chunked = logits(session, prompt);
      }
      assertClose(chunked, whole);
    }
  }

  private static float[] logits(DecoderSession session, int[] prompt) {
    try (DecodeState state =
        session.open(EncodedPrefix.empty(session.layout().slots().size()), 64)) {
      return copy(state.next(prompt), session);
    }
  }

  private static void comparePaths(Path folder, int headDim, int length) {
    try (DecoderSession session =
        DecoderLoader.load(modelFile(folder), settings(headDim, 512), null).session()) {
      int layers = session.layout().slots().size();
      int hidden = session.layout().hiddenSize();
      int[] prompt = {5, 9, 33, 17, 8};
      int[] both = new int[length + prompt.length];
      int[] virtual = new int[length];
      for (int i = 0; i < length; i++) {
        virtual[i] = -1 - i;
        both[i] = -1 - i;
      }
      System.arraycopy(prompt, 0, both, length, prompt.length);
      float[] rows = new float[length * hidden];
      Random random = new Random(length);
      for (int i = 0; i < rows.length; i++) {
        rows[i] = (float) random.nextGaussian();
      }
      ByteBuffer encoded = CacheType.FLOAT.encode(rows);

      float[] onePass;
      try (DecodeState state = session.open(EncodedPrefix.empty(layers), both.length)) {
        onePass = copy(state.next(both, encoded, length), session);
      }
      EncodedPrefix prefix;
      try (DecodeState state = session.open(EncodedPrefix.empty(layers), length)) {
        state.next(virtual, encoded, length);
        prefix = state.snapshot();
      }
      assertThat(prefix.length()).isEqualTo(length);
      try (DecodeState state = session.open(prefix, both.length)) {
        assertClose(copy(state.next(prompt), session), onePass);
        assertThat(state.length()).isEqualTo(both.length);
      }
    }
  }

  private static void assertClose(float[] found, float[] expected) {
    double scale = 1;
    for (float logit : expected) {
      scale = Math.max(scale, Math.abs(logit));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) found[i])
          .as("logit %d", i)
          .isCloseTo(expected[i], within(TOLERANCE * scale));
    }
  }

  private static float[] copy(FloatBuffer logits, DecoderSession session) {
    float[] copy = new float[session.layout().vocabularySize()];
    logits.get(0, copy);
    return copy;
  }

  private static int headDim(ConformanceCase subject) {
    return subject.expected().get("model").get("head_dim").asInt();
  }

  private static ModelFile modelFile(Path folder) {
    return ModelFile.read(folder.resolve("model.onnx"));
  }

  private static DecoderEngine.Settings settings(int headDim, int chunk) {
    return new DecoderEngine.Settings(
        512,
        Set.of(),
        OptionalInt.of(headDim),
        1,
        false,
        true,
        true,
        OptionalInt.empty(),
        1 << 20,
        chunk,
        1 << 20,
        2,
        GenerationListener.none());
  }
}
