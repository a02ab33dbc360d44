package io.patchkit.evaluate;

import io.patchkit.Patch;
import io.patchkit.PatchkitException;
import io.patchkit.evaluate.SafetyReport.MeasuredVariant;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The same suites on several variants, with the same items and the same draws. Immutable; running
 * it twice gives equal reports, but for times.
 *
 * <p>The judge that filtered the training data of a patch knows what the patch was selected for, so
 * its figures flatter: it is refused as a reporting judge unless it is asked for by name, and then
 * the report says so. A patch names such judges in its manifest's provenance, under keys that end
 * with {@value #FILTER_JUDGE}, separated by commas; others are named with {@link
 * #withFilterJudges}.
 */
public final class Evaluation {

  /** End of the provenance keys that name the judges which filtered a patch's training data. */
  public static final String FILTER_JUDGE = "filter.judge";

  private final List<Variant> variants;
  private final List<Suite> suites;
  private final Settings settings;

  /** What can be changed of an evaluation. Not changed once an evaluation has it. */
  private static final class Settings {
    long seed = 1;
    int batch = 8;
    @Nullable Path results;
    Consumer<EvaluationProgress> listener = progress -> {};
    List<Calibration> calibrations = List.of();
    Set<String> filterJudges = Set.of();
    Set<String> allowedFilterJudges = Set.of();
    LongSupplier nanoTime = System::nanoTime;

    Settings copy() {
      Settings copy = new Settings();
      copy.seed = seed;
      copy.batch = batch;
      copy.results = results;
      copy.listener = listener;
      copy.calibrations = calibrations;
      copy.filterJudges = filterJudges;
      copy.allowedFilterJudges = allowedFilterJudges;
      copy.nanoTime = nanoTime;
      return copy;
    }
  }

  private Evaluation(List<Variant> variants, List<Suite> suites, Settings settings) {
    this.variants = variants;
    this.suites = suites;
    this.settings = settings;
  }

  /**
   * An evaluation with seed 1, eight items at a time, that keeps its results in memory.
   *
   * @param variants with distinct names; the first is the baseline
   * @param suites with distinct names and metrics
   */
  public static Evaluation of(List<Variant> variants, List<? extends Suite> suites) {
    requireDistinct("variant", variants.stream().map(Variant::name).toList());
    requireDistinct("suite", suites.stream().map(Suite::name).toList());
    requireDistinct(
        "metric", suites.stream().flatMap(s -> s.metrics().stream()).map(Metric::name).toList());
    return new Evaluation(List.copyOf(variants), List.copyOf(suites), new Settings());
  }

  private static void requireDistinct(String what, List<String> names) {
    if (names.isEmpty()) {
      throw new IllegalArgumentException("no " + what + " is given; allowed: at least one");
    }
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name)) {
        throw new IllegalArgumentException(
            "two " + what + "s are called '" + name + "'; allowed: distinct names");
      }
    }
  }

  /** With another seed of all draws. */
  public Evaluation withSeed(long seed) {
    return with(changed -> changed.seed = seed);
  }

  /** With so many items asked for together, at least 1. */
  public Evaluation withBatch(int batch) {
    if (batch < 1) {
      throw new IllegalArgumentException("batch is " + batch + "; allowed: at least 1");
    }
    return with(changed -> changed.batch = batch);
  }

  /**
   * With a folder that keeps what was observed: an evaluation that was interrupted goes on where it
   * was, and one that gains a variant measures only that one. The files hold what the models said.
   * One evaluation at a time measures into a folder.
   *
   * <p>Suites with figures by {@link JudgeId#CLOCK} are not kept: a run measures the times of all
   * variants, for times of different runs do not compare.
   *
   * <p>What is kept holds for the same weights, tokenizers, patches, judges, data, settings and
   * seed. A model does not say which chat template it has: take another folder when you edit one.
   */
  public Evaluation withResults(Path folder) {
    return with(changed -> changed.results = folder);
  }

  /** With someone who is told after each batch, on the evaluation's thread. */
  public Evaluation withListener(Consumer<EvaluationProgress> listener) {
    return with(changed -> changed.listener = listener);
  }

  /** With what is known of the judges. */
  public Evaluation withCalibrations(List<Calibration> calibrations) {
    return with(changed -> changed.calibrations = List.copyOf(calibrations));
  }

  /**
   * With the names of judges that filtered training data, besides those that patches name and those
   * that were named before. A name may have the version behind it, as {@link JudgeId#toString}
   * writes it; it means the judge in every version.
   */
  public Evaluation withFilterJudges(String... names) {
    return with(changed -> changed.filterJudges = joined(changed.filterJudges, names));
  }

  /** With the names of filtering judges that may report nevertheless; the report says so. */
  public Evaluation withAllowedFilterJudges(String... names) {
    return with(
        changed -> changed.allowedFilterJudges = joined(changed.allowedFilterJudges, names));
  }

  private static Set<String> joined(Set<String> before, String... names) {
    Set<String> joined = new HashSet<>(before);
    joined.addAll(List.of(names));
    return joined;
  }

  /** With another clock for the time left, in nanoseconds. */
  Evaluation withNanoTime(LongSupplier nanoTime) {
    return with(changed -> changed.nanoTime = nanoTime);
  }

  private Evaluation with(Consumer<Settings> change) {
    Settings changed = settings.copy();
    change.accept(changed);
    return new Evaluation(variants, suites, changed);
  }

  /**
   * Measures what has not been measured yet and reports.
   *
   * <p>An interrupt of the thread is looked for before each batch, and ends texts that are
   * generated together; scores and times run to the end of their batch.
   *
   * @throws IllegalArgumentException if a reporting judge filtered training data
   * @throws EvaluationInterruptedException if the thread is interrupted; the interrupt stays set
   * @throws PatchkitException if results cannot be read or written, or a model fails
   */
  public SafetyReport run() {
    return report(List.of(measure(0, 1)));
  }

  /**
   * Measures one of several shares of every suite's items and reports nothing: what one of several
   * machines does. Every machine makes the same evaluation, of models of its own; {@link #report}
   * makes of all shares the report that one machine would have made, up to what rounding makes of
   * rows that are computed together.
   *
   * @param index of the share, 0 to count − 1; share i has the items i, i + count, …
   * @param count of shares, ≥ 1
   * @throws IllegalArgumentException if a reporting judge filtered training data
   * @throws EvaluationInterruptedException if the thread is interrupted; the interrupt stays set
   * @throws PatchkitException if results cannot be read or written, or a model fails
   */
  public EvaluationPart measure(int index, int count) {
    if (count < 1 || index < 0 || index >= count) {
      throw new IllegalArgumentException(
          "index is " + index + " and count " + count + "; allowed: 0 ≤ index < count");
    }
    filterJudgesInUse();
    Path folder = settings.results;
    return folder == null
        ? measureShare(index, count)
        : ResultsLock.holding(folder, () -> measureShare(index, count));
  }

  private EvaluationPart measureShare(int index, int count) {
    EvaluationClock clock = new EvaluationClock(settings.nanoTime);
    List<Measurement> measurements = new ArrayList<>();
    int missing = 0;
    int done = 0;
    for (Suite suite : suites) {
      for (Variant variant : variants) {
        Measurement measurement = open(suite, variant);
        measurement.takeShare(index, count);
        measurements.add(measurement);
        clock.expect(suite.name(), measurement.missing().size());
        missing += measurement.missing().size();
        done += measurement.observed().size();
      }
    }
    int total = done + missing;
    Map<String, Map<String, Observation>> observed = new LinkedHashMap<>();
    for (Measurement measurement : measurements) {
      done = measure(measurement, clock, done, total);
      observed.put(measurement.partKey(), measurement.observed());
    }
    return EvaluationPart.adopt(observed);
  }

  /**
   * Reports what the shares of this evaluation say together.
   *
   * @param parts of {@link #measure} on evaluations like this one, all shares
   * @throws IllegalArgumentException if an item was not observed, or in two parts
   */
  public SafetyReport report(List<EvaluationPart> parts) {
    Set<String> flattering = filterJudgesInUse();
    List<Measurement> measurements = new ArrayList<>();
    for (Suite suite : suites) {
      for (Variant variant : variants) {
        Measurement measurement = Measurement.inMemory(suite, variant, settings.seed);
        for (EvaluationPart part : parts) {
          measurement.take(part.observed(measurement.partKey()));
        }
        measurements.add(measurement);
      }
    }
    return report(measurements, flattering);
  }

  private int measure(Measurement measurement, EvaluationClock clock, int before, int total) {
    List<Item> missing = measurement.missing();
    Suite suite = measurement.suite();
    Variant variant = measurement.variant();
    int done = before;
    for (int from = 0; from < missing.size(); from += settings.batch) {
      if (Thread.currentThread().isInterrupted()) {
        throw new EvaluationInterruptedException(
            "after " + done + " of " + total + " observations");
      }
      List<Item> batch = missing.subList(from, Math.min(missing.size(), from + settings.batch));
      long start = clock.now();
      measurement.add(batch, suite.observe(variant, batch, settings.seed));
      clock.measured(suite.name(), batch.size(), clock.now() - start);
      done += batch.size();
      settings.listener.accept(
          new EvaluationProgress(
              suite.name(), variant.name(), done, total, clock.elapsed(), clock.remaining()));
    }
    return done;
  }

  private Measurement open(Suite suite, Variant variant) {
    Path folder = settings.results;
    if (folder == null || isTimed(suite)) {
      return Measurement.inMemory(suite, variant, settings.seed);
    }
    return Measurement.kept(suite, variant, settings.seed, folder);
  }

  /** Times of another run, perhaps of another machine, are no pair to those of this one. */
  private static boolean isTimed(Suite suite) {
    return suite.metrics().stream().anyMatch(metric -> metric.judge().equals(JudgeId.CLOCK));
  }

  private SafetyReport report(List<Measurement> measurements, Set<String> flattering) {
    List<SuiteReport> reports = new ArrayList<>();
    for (Suite suite : suites) {
      Map<String, List<Observation>> observations = new LinkedHashMap<>();
      for (Measurement measurement : measurements) {
        if (measurement.suite() == suite) {
          observations.put(measurement.variant().name(), measurement.inOrder());
        }
      }
      reports.add(new Tally(suite, observations, settings.seed).report());
    }
    List<MeasuredVariant> measured = new ArrayList<>();
    for (Variant variant : variants) {
      measured.add(new MeasuredVariant(variant.name(), variant.identity()));
    }
    return new SafetyReport(
        measured,
        settings.seed,
        reports,
        settings.calibrations,
        Notices.of(measured, reports, flattering));
  }

  /** The filtering judges that report because they were asked for by name. */
  private Set<String> filterJudgesInUse() {
    Set<String> filtering = new HashSet<>(settings.filterJudges);
    for (Variant variant : variants) {
      for (Patch patch : variant.patches().patches()) {
        filtering.addAll(filterJudges(patch));
      }
    }
    Set<String> inUse = new TreeSet<>();
    for (Suite suite : suites) {
      for (Judge judge : suite.judges()) {
        spellings(judge)
            .forEach(
                (spelling, name) -> {
                  if (filtering.contains(spelling)) {
                    requireAllowed(name, spelling, suite);
                    inUse.add(name);
                  }
                });
      }
    }
    return inUse;
  }

  /** All that a judge and those that have a part in it may be called, each with the name. */
  private static Map<String, String> spellings(Judge judge) {
    Map<String, String> spellings = new TreeMap<>();
    if (judge instanceof CompositeJudge composite) {
      composite.judges().forEach(part -> spellings.putAll(spellings(part)));
    } else if (judge instanceof DerivedJudge derived) {
      spellings.putAll(spellings(derived.source()));
    }
    spellings.put(judge.id().toString(), judge.id().name());
    spellings.put(judge.id().name(), judge.id().name());
    judge.names().forEach(name -> spellings.put(name, name));
    return spellings;
  }

  private void requireAllowed(String judge, String spelling, Suite suite) {
    if (!settings.allowedFilterJudges.contains(judge)
        && !settings.allowedFilterJudges.contains(spelling)) {
      throw new IllegalArgumentException(
          "the judge '"
              + judge
              + "' of the suite '"
              + suite.name()
              + "' filtered the training data, so its figures flatter; expected another judge for"
              + " reporting; to report it nevertheless, say withAllowedFilterJudges(\""
              + judge
              + "\")");
    }
  }

  private static Set<String> filterJudges(Patch patch) {
    Set<String> names = new HashSet<>();
    for (Map.Entry<String, String> fact : patch.manifest().provenance().entrySet()) {
      if (fact.getKey().endsWith(FILTER_JUDGE)) {
        for (String name : fact.getValue().split(",", -1)) {
          names.add(name.strip());
        }
      }
    }
    return names;
  }
}
