package io.patchkit.evaluate;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What one suite found. Immutable.
 *
 * @param suite its name
 * @param purpose what it is there to show
 * @param data name of the data
 * @param dataDigest SHA-256 of its rows, 64 lower-case hexadecimal digits
 * @param n rows
 * @param judges whose scores made the figures
 * @param figures the most telling first
 * @param scores by variant: how many scores of the first judge fell into each tenth of [0, 1];
 *     empty where nothing was said
 * @param samples by variant: some of what was said, on the same items
 */
public record SuiteReport(
    String suite,
    Purpose purpose,
    String data,
    String dataDigest,
    int n,
    List<JudgeId> judges,
    List<Figure> figures,
    Map<String, List<Integer>> scores,
    Map<String, List<Sample>> samples) {

  /** Bins of a distribution of scores. */
  public static final int BINS = 10;

  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  public SuiteReport {
    Objects.requireNonNull(suite, "suite");
    Objects.requireNonNull(purpose, "purpose");
    Objects.requireNonNull(data, "data");
    if (!isDigest(dataDigest)) {
      throw new IllegalArgumentException(
          "dataDigest has "
              + dataDigest.length()
              + " characters; allowed: 64 lower-case hexadecimal digits");
    }
    judges = List.copyOf(judges);
    figures = List.copyOf(figures);
    scores = Collections.unmodifiableMap(new LinkedHashMap<>(scores));
    samples = Collections.unmodifiableMap(new LinkedHashMap<>(samples));
    if (figures.isEmpty()) {
      throw new IllegalArgumentException("figures is empty; allowed: at least one figure");
    }
  }

  /** The most telling figure. */
  public Figure headline() {
    return figures.get(0);
  }

  /** Whether a text has the form of a SHA-256. */
  static boolean isDigest(String text) {
    return DIGEST.matcher(text).matches();
  }

  SuiteReport withoutSamples() {
    return new SuiteReport(suite, purpose, data, dataDigest, n, judges, figures, scores, Map.of());
  }
}
