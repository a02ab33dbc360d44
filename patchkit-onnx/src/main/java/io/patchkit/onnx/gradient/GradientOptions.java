package io.patchkit.onnx.gradient;

/**
 * How gradients are computed. Immutable; start from {@link #defaults()}.
 *
 * @param threads threads that one run uses, at least 1
 * @param rowsPerRun how many rows are computed at once, at least 1; fewer need less memory, more
 *     are faster as long as they are of similar length
 */
public record GradientOptions(int threads, int rowsPerRun) {

  public GradientOptions {
    if (threads < 1 || rowsPerRun < 1) {
      throw new IllegalArgumentException(
          "threads and rowsPerRun must be at least 1, found " + threads + " and " + rowsPerRun);
    }
  }

  /** All processors, eight rows at once. */
  public static GradientOptions defaults() {
    return new GradientOptions(Runtime.getRuntime().availableProcessors(), 8);
  }

  public GradientOptions withThreads(int threads) {
    return new GradientOptions(threads, rowsPerRun);
  }

  public GradientOptions withRowsPerRun(int rowsPerRun) {
    return new GradientOptions(threads, rowsPerRun);
  }
}
