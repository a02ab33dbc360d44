package io.patchkit.onnx.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.patchkit.EngineException;
import io.patchkit.GenerationOptions;
import io.patchkit.GenerationQueue;
import io.patchkit.GenerationRequest;
import io.patchkit.Prompt;
import io.patchkit.onnx.OnnxModel;
import io.patchkit.onnx.runtime.JavaProcess;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A request that finds no memory fails alone and says what to do. */
class NativeMemoryTest {

  /** What is run with little memory: requests that fit, and one that does not. */
  static final class Requests {

    private Requests() {}

    public static void main(String... args) {
      try (OnnxModel model = OnnxModel.open(Path.of(args[0]));
          GenerationQueue queue = model.openQueue(5)) {
        for (int length : new int[] {4, 100, 4}) {
          int[] prompt = new int[length];
          Arrays.fill(prompt, 7);
          GenerationRequest request =
              GenerationRequest.of(
                  Prompt.tokens(prompt), GenerationOptions.defaults().withMaxNewTokens(2));
          System.out.println(
              queue
                  .submit(request)
                  .handle((generation, thrown) -> thrown == null ? "served" : thrown.toString())
                  .join());
        }
      }
    }
  }

  @Test
  void failsTheRequestThatFindsNone() throws Exception {
    assertThat(outcomes("200k"))
        .matches(
            "(?s)0 served\\n[^\\n]*EngineException: Expected room for \\d+ bytes[^\\n]*"
                + "-XX:MaxDirectMemorySize[^\\n]*\\nserved");
  }

  /** The long request needs what lies idle after the short one. */
  @Test
  void takesWhatLiesIdle() throws Exception {
    assertThat(outcomes("290k")).isEqualTo("0 served\nserved\nserved");
  }

  /** A batch that would move to less room when there is none for it beside its present room. */
  static final class Crowded {

    private Crowded() {}

    public static void main(String... args) throws OrtException {
      try (BufferPool pool =
          new BufferPool(OrtEnvironment.getEnvironment(), BufferPoolTest.LAYOUT, 1000, 16, 0)) {
        KeyValueBuffers held = pool.takeKeyValues(8, 1000);
        List<ByteBuffer> others = new ArrayList<>();
        try {
          while (others.size() < 1000) {
            others.add(ByteBuffer.allocateDirect(4096));
          }
        } catch (OutOfMemoryError e) {
          System.out.println(pool.takeSmaller(held, 2, 10) == null ? "stays" : "moves");
        }
        others.clear();
        System.out.println(pool.takeSmaller(held, 2, 10) == null ? "stays" : "moves");
      }
    }
  }

  @Test
  void aBatchThatFindsNoSmallerRoomKeepsItsOwn() throws Exception {
    // 8 · 1000 positions of 64 bytes are 512,000.
    String outcome =
        JavaProcess.run(
            Path.of("."), List.of("-XX:MaxDirectMemorySize=600k"), Crowded.class, "none");
    assertThat(outcome).isEqualTo("0 stays\nmoves");
  }

  private static String outcomes(String most) throws Exception {
    Path model = Path.of("src/test/resources/cases/llama-gqa").toAbsolutePath();
    return JavaProcess.run(
        Path.of("."), List.of("-XX:MaxDirectMemorySize=" + most), Requests.class, model.toString());
  }

  /** A layer of eight heads of 128 floats, at 32,768 positions: 134 MB a row. */
  @Test
  void saysWhichRowsAndPositionsAreTooMany() {
    assertThat(NativeMemory.size(15, 32_768, 8 * 128 * 4)).isEqualTo(2_013_265_920);
    assertThatThrownBy(() -> NativeMemory.size(16, 32_768, 8 * 128 * 4))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("2147483648 for 16 rows of 32768 positions");
    DecoderSession session = SmallEngine.session(Path.of("src/test/resources/cases/llama-gqa"), 16);
    try (session) {
      assertThatThrownBy(
              () -> new KeyValueBuffers(session.environment(), session.layout(), 1 << 10, 1 << 20))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("for 1024 rows of 1048576 positions");
    }
  }
}
