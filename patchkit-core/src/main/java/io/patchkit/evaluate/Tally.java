package io.patchkit.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Sums up what a suite observed of all variants. Not thread-safe. */
final class Tally {

  /** Items whose samples a report shows. */
  private static final int SHOWN = 6;

  /** Kinds that tell something; more are not kinds but, for one, a different source of each row. */
  private static final int MAX_KINDS = 30;

  private final Suite suite;
  private final Map<String, List<Observation>> observations;
  private final String baseline;
  private final long seed;

  /**
   * @param observations by variant, the baseline first, each in the order of the suite's items
   */
  Tally(Suite suite, Map<String, List<Observation>> observations, long seed) {
    this.suite = suite;
    this.observations = observations;
    this.baseline = observations.keySet().iterator().next();
    this.seed = seed;
  }

  SuiteReport report() {
    List<Figure> figures = new ArrayList<>();
    for (Metric metric : suite.metrics()) {
      List<Figure.Cell> cells = new ArrayList<>();
      for (String variant : observations.keySet()) {
        cells.add(cell(metric, variant));
      }
      figures.add(new Figure(metric.name(), metric.unit(), metric.better(), metric.judge(), cells));
    }
    Map<String, List<Integer>> scores = new LinkedHashMap<>();
    Map<String, List<Sample>> samples = new LinkedHashMap<>();
    observations.forEach(
        (variant, observed) -> {
          List<Sample> said = firstSamples(observed);
          if (!said.isEmpty()) {
            samples.put(variant, said);
            scores.put(variant, histogram(observed));
          }
        });
    List<JudgeId> judges = new ArrayList<>();
    for (Judge judge : suite.judges()) {
      judges.add(judge.id());
    }
    EvaluationData data = suite.data();
    return new SuiteReport(
        suite.name(),
        suite.purpose(),
        data.name(),
        data.digest(),
        data.items().size(),
        judges,
        figures,
        scores,
        samples);
  }

  private Figure.Cell cell(Metric metric, String variant) {
    Statistic statistic = metric.statistic();
    Map<Integer, double[]> rows = rows(statistic, variant);
    Estimate difference = null;
    DiscordantPairs discordant = null;
    if (!variant.equals(baseline)) {
      Paired paired = paired(rows, rows(statistic, baseline));
      discordant = statistic.isShare() ? discordant(paired) : null;
      difference =
          discordant == null
              ? difference(statistic, paired)
              : discordant.difference(paired.ours().size());
    }
    return new Figure.Cell(
        variant,
        estimate(statistic, rows.values().toArray(new double[0][])),
        difference,
        discordant,
        kinds(statistic, rows));
  }

  /** The fields of the items that a variant and the baseline have both. */
  private record Paired(List<double[]> ours, List<double[]> theirs) {}

  private static Paired paired(Map<Integer, double[]> rows, Map<Integer, double[]> baselineRows) {
    List<double[]> ours = new ArrayList<>();
    List<double[]> theirs = new ArrayList<>();
    rows.forEach(
        (item, row) -> {
          double[] paired = baselineRows.get(item);
          if (paired != null) {
            ours.add(row);
            theirs.add(paired);
          }
        });
    return new Paired(ours, theirs);
  }

  private static DiscordantPairs discordant(Paired paired) {
    int variantAlone = 0;
    int baselineAlone = 0;
    for (int i = 0; i < paired.ours().size(); i++) {
      double ours = paired.ours().get(i)[0];
      double theirs = paired.theirs().get(i)[0];
      variantAlone += ours > theirs ? 1 : 0;
      baselineAlone += ours < theirs ? 1 : 0;
    }
    return new DiscordantPairs(variantAlone, baselineAlone);
  }

  private Estimate difference(Statistic statistic, Paired paired) {
    int n = paired.ours().size();
    if (n == 0) {
      return Estimate.undefined(0);
    }
    return Bootstrap.difference(
        paired.ours().toArray(new double[0][]),
        paired.theirs().toArray(new double[0][]),
        statistic.ofMeans(),
        draws(n));
  }

  private Estimate estimate(Statistic statistic, double[][] rows) {
    if (rows.length == 0) {
      return Estimate.undefined(0);
    }
    if (statistic.isShare()) {
      int successes = 0;
      for (double[] row : rows) {
        successes += row[0] == 1 ? 1 : 0;
      }
      return Estimate.ofShare(successes, rows.length);
    }
    return Bootstrap.estimate(rows, statistic.ofMeans(), draws(rows.length));
  }

  private Map<String, Estimate> kinds(Statistic statistic, Map<Integer, double[]> rows) {
    Map<String, List<double[]>> byKind = new TreeMap<>();
    rows.forEach(
        (item, row) ->
            byKind
                .computeIfAbsent(suite.data().items().get(item).kind(), kind -> new ArrayList<>())
                .add(row));
    Map<String, Estimate> kinds = new TreeMap<>();
    if (byKind.size() > 1 && byKind.size() <= MAX_KINDS) {
      byKind.forEach(
          (kind, of) -> kinds.put(kind, estimate(statistic, of.toArray(new double[0][]))));
    }
    return kinds;
  }

  /** The fields of the items that have them all, by the items' place. */
  private Map<Integer, double[]> rows(Statistic statistic, String variant) {
    Map<Integer, double[]> rows = new LinkedHashMap<>();
    List<Observation> observed = observations.getOrDefault(variant, List.of());
    for (int i = 0; i < observed.size(); i++) {
      double[] row = row(statistic, observed.get(i));
      if (row != null) {
        rows.put(i, row);
      }
    }
    return rows;
  }

  private static double @Nullable [] row(Statistic statistic, Observation observation) {
    double[] row = new double[statistic.fields().size()];
    for (int k = 0; k < row.length; k++) {
      Double value = observation.values().get(statistic.fields().get(k));
      if (value == null) {
        return null;
      }
      row[k] = value;
    }
    return row;
  }

  /** The same ones for every metric and variant of so many items. */
  private Iterable<int[]> draws(int n) {
    return Bootstrap.draws(
        n, Bootstrap.RESAMPLES, Digest.seed(seed, "bootstrap", suite.name(), Integer.toString(n)));
  }

  private static List<Sample> firstSamples(List<Observation> observed) {
    List<Sample> shown = new ArrayList<>();
    for (Observation observation : observed) {
      if (shown.size() < SHOWN && !observation.samples().isEmpty()) {
        shown.add(observation.samples().get(0));
      }
    }
    return shown;
  }

  private static List<Integer> histogram(List<Observation> observed) {
    Integer[] bins = new Integer[SuiteReport.BINS];
    Arrays.fill(bins, 0);
    for (Observation observation : observed) {
      for (Sample sample : observation.samples()) {
        int bin = Math.min(SuiteReport.BINS - 1, (int) (sample.score() * SuiteReport.BINS));
        bins[bin]++;
      }
    }
    return List.of(bins);
  }
}
