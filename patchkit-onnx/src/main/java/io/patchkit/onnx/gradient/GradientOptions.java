package io.patchkit.onnx.gradient;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How gradients are computed, which is always on the processor. Immutable; start from {@link
 * #defaults()}.
 *
 * @param threads threads that one run uses, at least 1
 * @param rowsPerRun how many rows are computed at once, at least 1; fewer need less memory, more
 *     are faster where they begin alike
 * @param cache the folder in which built graphs are kept for the next time, created when needed;
 *     null to build them each time. Whoever can write there decides what is computed
 */
public record GradientOptions(int threads, int rowsPerRun, @Nullable Path cache) {

  public GradientOptions {
    if (threads < 1 || rowsPerRun < 1) {
      throw new IllegalArgumentException(
          "threads and rowsPerRun are "
              + threads
              + " and "
              + rowsPerRun
              + "; allowed: at least 1 each");
    }
  }

  /** All processors, eight rows at once, graphs built each time. */
  public static GradientOptions defaults() {
    return new GradientOptions(Runtime.getRuntime().availableProcessors(), 8, null);
  }

  public GradientOptions withThreads(int threads) {
    return new GradientOptions(threads, rowsPerRun, cache);
  }

  public GradientOptions withRowsPerRun(int rowsPerRun) {
    return new GradientOptions(threads, rowsPerRun, cache);
  }

  public GradientOptions withCache(Path cache) {
    return new GradientOptions(threads, rowsPerRun, cache);
  }

  /** The rows in runs of at most {@link #rowsPerRun}. */
  <T> List<List<T>> parts(List<T> rows) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("rows is empty; allowed: at least one row");
    }
    List<List<T>> parts = new ArrayList<>();
    for (int from = 0; from < rows.size(); from += rowsPerRun) {
      parts.add(rows.subList(from, Math.min(from + rowsPerRun, rows.size())));
    }
    return parts;
  }
}
