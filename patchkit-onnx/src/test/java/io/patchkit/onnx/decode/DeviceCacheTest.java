package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.patchkit.FinishReason;
import io.patchkit.Generation;
import io.patchkit.GenerationOptions;
import io.patchkit.PatchStack;
import io.patchkit.TokenStream;
import io.patchkit.onnx.ConformanceCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Keys and values that stay with the runtime give what copied ones give, here on the processor.
 * That takes Java 22 and the multi-release jar: the build runs these tests on both with {@code
 * -Djava22.home}, and elsewhere they are skipped.
 */
class DeviceCacheTest {

  private static final Path GQA = Path.of("src/test/resources/cases/llama-gqa");
  private static final GenerationOptions LONG =
      GenerationOptions.defaults().withMaxNewTokens(24).withIgnoreStopTokens(true);

  @TestFactory
  Stream<DynamicTest> givesTheTokensOfThePlainPath() {
    return ConformanceCase.all().stream()
        .map(subject -> dynamicTest(subject.name(), () -> bothPathsAgree(subject)));
  }

  private static void bothPathsAgree(ConformanceCase subject) {
    int headDim = subject.expected().get("model").get("head_dim").asInt();
    try (DecoderEngine onDevice = onDevice(subject.folder(), headDim);
        DecoderEngine plain = SmallEngine.load(subject.folder(), headDim, 8, 2, false)) {
      assertThat(plain.keepsOnDevice()).isFalse();
      for (String name : subject.stacks()) {
        PatchStack stack = subject.stack(name);
        for (int seed = 0; seed < 4; seed++) {
          // Chunks are of eight tokens: one token, a chunk, two, and a part of a third.
          int[] prompt = tokens(new int[] {1, 8, 16, 19}[seed]);
          GenerationOptions how = LONG.withTemperature(seed % 2).withSeed(seed);
          Generation expected = generate(plain, stack, prompt, how);
          assertThat(generate(onDevice, stack, prompt, how).tokens())
              .as("through %s, seed %d", name, seed)
              .isEqualTo(expected.tokens());
        }
      }
    }
  }

  private static int[] tokens(int count) {
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = 3 + i * 7 % 50;
    }
    return tokens;
  }

  @Test
  void closingCancels() {
    try (DecoderEngine engine = onDevice(GQA, 16)) {
      TokenStream stream =
          engine.stream(new DecoderRequest(PatchStack.empty(), tokens(5), LONG, false));
      Iterator<String> pieces = stream.iterator();
      pieces.next();
      stream.close();
      stream.close();
      assertThat(pieces.hasNext()).isFalse();
      assertThat(stream.generation().finishReason()).isEqualTo(FinishReason.CANCELLED);
    }
  }

  @Test
  void theEnginesCloseEndsWhatIsOpen() {
    DecoderEngine engine = onDevice(GQA, 16);
    TokenStream stream =
        engine.stream(new DecoderRequest(PatchStack.empty(), tokens(5), LONG, false));
    Iterator<String> pieces = stream.iterator();
    pieces.next();
    engine.close();
    assertThatThrownBy(pieces::next)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    stream.close();
  }

  /** What is not released is lost for good; a tenth of it would show. */
  @Test
  void releasesWhatTheRuntimeAllocates() throws IOException {
    assumeThat(Files.exists(Path.of("/proc/self/status"))).isTrue();
    try (DecoderEngine engine = onDevice(GQA, 16)) {
      GenerationOptions how = LONG.withMaxNewTokens(100);
      for (int i = 0; i < 50; i++) {
        generate(engine, PatchStack.empty(), tokens(5), how);
      }
      long before = residentBytes();
      for (int i = 0; i < 100; i++) {
        generate(engine, PatchStack.empty(), tokens(5), how);
      }
      // 100 · 100 passes, in each 4 planes of 2 heads · 16 floats for 55 positions on average.
      long allocated = 100L * 100 * 4 * 2 * 16 * Float.BYTES * 55;
      assertThat(residentBytes() - before).isLessThan(allocated / 10);
    }
  }

  private static long residentBytes() throws IOException {
    System.gc();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return (Long.parseLong(line.replaceAll("\\D", "")) << 10)
            - Runtime.getRuntime().totalMemory();
      }
    }
    throw new IllegalStateException("no VmRSS in /proc/self/status");
  }

  private static Generation generate(
      DecoderEngine engine, PatchStack stack, int[] prompt, GenerationOptions how) {
    try (TokenStream stream = engine.stream(new DecoderRequest(stack, prompt, how, false))) {
      stream.forEach(piece -> {});
      return stream.generation();
    }
  }

  private static DecoderEngine onDevice(Path folder, int headDim) {
    boolean required = Boolean.getBoolean("patchkit.device.required");
    assumeThat(required || Runtime.version().feature() >= 22).as("Java 22").isTrue();
    DecoderEngine engine = SmallEngine.load(folder, headDim, 8, 2, true);
    if (!engine.keepsOnDevice()) {
      engine.close();
      assertThat(required).as("this build promises the C interface; see the log").isFalse();
      assumeThat(required).as("the multi-release jar").isTrue();
    }
    return engine;
  }
}
