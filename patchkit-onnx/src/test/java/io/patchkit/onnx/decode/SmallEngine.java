package io.patchkit.onnx.decode;

import io.patchkit.GenerationListener;
import io.patchkit.onnx.graph.ModelFile;
import io.patchkit.onnx.text.HuggingFaceTokenizer;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Opens the engine of a conformance case: one thread, 128 positions, no stop tokens. */
final class SmallEngine {

  private SmallEngine() {}

  /**
   * Opens it, the caller's to close.
   *
   * @param chunk most tokens of one pass
   * @param rows most requests decoded together
   * @param onDevice whether to keep keys and values with the runtime
   */
  static DecoderEngine load(Path folder, int headDim, int chunk, int rows, boolean onDevice) {
    return load(folder, headDim, chunk, rows, onDevice ? DeviceCache.KNOWN_RUNTIME : null);
  }

  /** Like the above, keeping keys and values with a runtime whose version begins so. */
  static DecoderEngine load(
      Path folder, int headDim, int chunk, int rows, @Nullable String knownRuntime) {
    return load(folder, headDim, chunk, rows, knownRuntime, System::nanoTime);
  }

  /** Like the above, by a clock of the test's own. */
  static DecoderEngine load(
      Path folder,
      int headDim,
      int chunk,
      int rows,
      @Nullable String knownRuntime,
      LongSupplier nanoTime) {
    return DecoderEngine.load(
        ModelFile.read(folder.resolve("model.onnx")),
        HuggingFaceTokenizer.open(folder),
        settings(headDim, chunk, rows),
        knownRuntime,
        nanoTime);
  }

  /** Opens its session alone, the caller's to close. */
  static DecoderSession session(Path folder, int headDim) {
    ModelFile file = ModelFile.read(folder.resolve("model.onnx"));
    return DecoderLoader.load(file, settings(headDim, 16, 4), null).session();
  }

  private static DecoderEngine.Settings settings(int headDim, int chunk, int rows) {
    return new DecoderEngine.Settings(
        128,
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
        rows,
        GenerationListener.none());
  }
}
