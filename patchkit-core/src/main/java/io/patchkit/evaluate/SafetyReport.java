package io.patchkit.evaluate;

import io.patchkit.Patch;
import io.patchkit.PatchDocument;
import io.patchkit.PatchkitException;
import io.patchkit.format.AtomicFiles;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Variants of a model measured side by side: the evidence for a patch. An immutable value; equal
 * reports give equal bytes in every format.
 *
 * @param variants in order; the first is the baseline of all differences
 * @param seed of the evaluation
 * @param suites what was found
 * @param calibrations how well the judges agree with labels
 * @param notices what a reader must know before the figures, the gravest first
 */
public record SafetyReport(
    List<MeasuredVariant> variants,
    long seed,
    List<SuiteReport> suites,
    List<Calibration> calibrations,
    List<String> notices) {

  /**
   * A variant of the report.
   *
   * @param name what the report calls it
   * @param identity model, patches and instruction, with their digests
   */
  public record MeasuredVariant(String name, JsonObject identity) {

    public MeasuredVariant {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(identity, "identity");
    }

    /** Digests of the prefixes it looks through. */
    private List<String> prefixes() {
      List<String> prefixes = new ArrayList<>();
      if (identity.has("patches")) {
        for (JsonObject patch : identity.array("patches").objects()) {
          prefixes.add(patch.string("prefix"));
        }
      }
      return prefixes;
    }
  }

  public SafetyReport {
    variants = List.copyOf(variants);
    suites = List.copyOf(suites);
    calibrations = List.copyOf(calibrations);
    notices = List.copyOf(notices);
    if (variants.isEmpty()) {
      throw new IllegalArgumentException("variants is empty; allowed: at least one variant");
    }
  }

  /** The name of the variant that the others are compared with. */
  public String baseline() {
    return variants.get(0).name();
  }

  /** The figure of a metric, null where the report has none. */
  public @Nullable Figure figure(String metric) {
    for (SuiteReport suite : suites) {
      for (Figure figure : suite.figures()) {
        if (figure.metric().equals(metric)) {
          return figure;
        }
      }
    }
    return null;
  }

  /** The first suite of a purpose, null where the report has none. */
  public @Nullable SuiteReport suite(Purpose purpose) {
    for (SuiteReport suite : suites) {
      if (suite.purpose() == purpose) {
        return suite;
      }
    }
    return null;
  }

  /** The same without anything that a model said, for places where people do not expect it. */
  public SafetyReport withoutSamples() {
    List<SuiteReport> bare = new ArrayList<>();
    for (SuiteReport suite : suites) {
      bare.add(suite.withoutSamples());
    }
    return new SafetyReport(variants, seed, bare, calibrations, notices);
  }

  /** The report as JSON; {@code docs/evaluation.md} describes the fields. */
  public JsonObject toJson() {
    return ReportJson.write(this);
  }

  /**
   * Reads a report that {@link #toJson} wrote.
   *
   * @throws FormatException if the object is none
   */
  public static SafetyReport of(JsonObject json) {
    return ReportJson.read(json);
  }

  /**
   * The report that a patch carries, null where it carries none.
   *
   * @throws FormatException if its evaluation document is no report
   * @throws PatchkitException if the report is of other weights than the patch's
   */
  public static @Nullable SafetyReport carriedBy(Patch patch) {
    JsonObject document = patch.document(PatchDocument.EVALUATION);
    if (document == null) {
      return null;
    }
    SafetyReport report = of(document);
    report.requireOf(patch);
    return report;
  }

  /** A variant looks through this prefix, and the one that is named after the patch does. */
  private void requireOf(Patch patch) {
    String prefix = patch.prefix().digest();
    boolean isMeasured = false;
    for (MeasuredVariant variant : variants) {
      List<String> prefixes = variant.prefixes();
      isMeasured |= prefixes.contains(prefix);
      if (variant.name().equals(patch.id()) && !prefixes.contains(prefix)) {
        throw notOf(patch, "its variant '" + patch.id() + "' has the prefixes " + prefixes);
      }
    }
    if (!isMeasured) {
      throw notOf(patch, "no variant has it");
    }
  }

  private static PatchkitException notOf(Patch patch, String found) {
    return new PatchkitException(
        "the report is of other weights: expected a variant through "
            + patch.id()
            + " with the prefix "
            + patch.prefix().digest()
            + ", found that "
            + found
            + "; measure the patch as Patch.load gives it (saving with 16 bits rounds its numbers)"
            + " and attach that report");
  }

  /**
   * Reads a file that {@link #save} wrote.
   *
   * @throws PatchkitException if the file cannot be read or is no report
   */
  public static SafetyReport load(Path file) {
    try {
      return of(StrictJson.loadObject(file, JsonLimits.large()));
    } catch (IOException | FormatException e) {
      throw new PatchkitException(file + " is no report: " + e.getMessage(), e);
    }
  }

  /** A table for a pull request or a model card, without samples. */
  public String toMarkdown() {
    return ReportMarkdown.write(this);
  }

  /** A page that needs nothing else, with plots and samples. */
  public String toHtml() {
    return ReportPage.html(this);
  }

  /**
   * Writes {@code evaluation.json}, {@code evaluation.md} and {@code evaluation.html}.
   *
   * @param directory made where it is not there
   * @throws PatchkitException if it cannot be made or written
   */
  public void save(Path directory) {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new PatchkitException("cannot make the folder " + directory + ": " + e, e);
    }
    write(directory.resolve("evaluation.json"), StrictJson.write(toJson()));
    write(directory.resolve("evaluation.md"), toMarkdown().getBytes(StandardCharsets.UTF_8));
    write(directory.resolve("evaluation.html"), toHtml().getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Puts the report, without samples, into a patch directory as {@code evaluation.json}; see {@link
   * Patch#attach}.
   *
   * @throws IllegalArgumentException if it is longer than the 1 MiB that a patch may carry
   * @throws PatchkitException if the report is of other weights than those in the directory, or the
   *     directory cannot be read or written
   */
  public void attachTo(Path patchDirectory) {
    requireOf(Patch.load(patchDirectory));
    Patch.attach(patchDirectory, PatchDocument.EVALUATION, withoutSamples().toJson());
  }

  private static void write(Path file, byte[] content) {
    try {
      AtomicFiles.writeFile(file, content);
    } catch (IOException e) {
      throw new PatchkitException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
