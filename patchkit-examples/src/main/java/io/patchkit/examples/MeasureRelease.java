package io.patchkit.examples;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.ModelShape;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.PatchStack;
import io.patchkit.PatchkitException;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.release.Change;
import io.patchkit.release.Digest;
import io.patchkit.release.LiveOptions;
import io.patchkit.release.LivePatches;
import io.patchkit.release.PatchStore;
import io.patchkit.release.StoreOptions;
import io.patchkit.trust.Curve;
import io.patchkit.trust.PatchFiles;
import io.patchkit.trust.Signer;
import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Measures what releasing a patch of 1 MiB costs: verifying, installing, activating, handing it to
 * new requests, rolling back. Each round does everything once with patches of its own, in a folder
 * that is made for it and deleted. No model takes part, so that no prefix is encoded.
 *
 * <p>Processor time is that of the calling thread, which does all of the work; the first round,
 * whose code is not compiled yet, stands by itself.
 */
public final class MeasureRelease {

  private static final String USAGE = "run MeasureRelease [--rounds N]";
  private static final int HIDDEN = 512;
  private static final int TOKENS = 512;
  private static final ModelShape SHAPE = new ModelShape(HIDDEN, 2, 2, 4, 100, 1024, 1);
  private static final Change MEASURE = Change.by("measure");

  /** Milliseconds of one round. */
  private record Cost(double processor, double clock) {}

  private final Path folder;
  private final Signer signer = Signer.generate(Curve.P256);
  private final TrustPolicy policy = TrustPolicy.of(signer.verificationKey());
  private final Random random = new Random(1);
  private final Map<String, List<Cost>> costs = new LinkedHashMap<>();
  private int patches;

  private MeasureRelease(Path folder) {
    this.folder = folder;
  }

  public static void main(String... args) {
    ExampleArguments arguments = ExampleArguments.parse(USAGE, Set.of("rounds"), args);
    try {
      Path folder = Files.createTempDirectory("measure-release");
      try {
        MeasureRelease measure = new MeasureRelease(folder);
        measure.run(arguments.number("rounds", 20));
        measure.print();
      } finally {
        delete(folder);
      }
    } catch (IOException | PatchkitException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private void run(int rounds) throws IOException {
    PatchStore store =
        PatchStore.open(
            folder.resolve("store"),
            StoreOptions.defaults().withKeepGenerations(3).withInstallLease(Duration.ZERO));
    LiveOptions options = LiveOptions.defaults().withPollInterval(Duration.ZERO).withPolicy(policy);
    try (LivePatches live =
        LivePatches.follow(new EnginelessModel(SHAPE, PatchStack.empty()), store, options)) {
      for (int i = 0; i < rounds; i++) {
        round(store, live);
        store.collectGarbage(MEASURE);
      }
    }
  }

  private void round(PatchStore store, LivePatches live) throws IOException {
    Digest unseen = install(store);
    Digest prepared = install(store);
    long before = store.current().number();

    measure("activate", () -> store.activate(unseen, MEASURE));
    measure("switch to a patch that was not read before", live::refresh);
    measure("prepare", () -> live.prepare(prepared));
    store.activate(prepared, MEASURE);
    measure("switch to a prepared patch", live::refresh);
    measure("roll back", () -> store.rollback(before + 1, MEASURE));
    measure("switch to a recent patch", live::refresh);
  }

  private Digest install(PatchStore store) throws IOException {
    Path directory = folder.resolve("patch-" + patches);
    Path bundle = folder.resolve("patch-" + patches + ".sig");
    patch().save(directory);
    Files.write(bundle, signer.sign(PatchFiles.read(directory)));
    List<VerifiedPatch> verified = new ArrayList<>();
    measure(
        "verify and load",
        () ->
            verified.add(
                VerifiedPatch.verify(directory, List.of(bundle), policy, Clock.systemUTC())));
    measure("install", () -> store.install(verified.get(0), MEASURE));
    delete(directory);
    return new Digest(verified.get(0).identity());
  }

  /** Of other numbers each time. */
  private Patch patch() {
    float[] rows = new float[TOKENS * HIDDEN];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = random.nextFloat();
    }
    return Patch.of(
        PatchManifest.of(
            "measured",
            new SemanticVersion(1, 0, patches++, ""),
            new BaseModel("engineless", List.of(), null, HIDDEN, 2, 2, 4),
            Instant.EPOCH),
        SoftPrompt.of(HIDDEN, EmbeddingSpace.LAYER_INPUT, rows));
  }

  private void measure(String figure, Runnable work) {
    var threads = ManagementFactory.getThreadMXBean();
    long processor = threads.getCurrentThreadCpuTime();
    long clock = System.nanoTime();
    work.run();
    Cost cost =
        new Cost(
            (threads.getCurrentThreadCpuTime() - processor) / 1e6,
            (System.nanoTime() - clock) / 1e6);
    costs.computeIfAbsent(figure, key -> new ArrayList<>()).add(cost);
  }

  private void print() {
    System.out.println(
        "| ms: median (least, most) | n | processor | clock | first: processor | clock |\n"
            + "|---|---|---|---|---|---|");
    costs.forEach(
        (figure, all) -> {
          List<Cost> later = all.subList(Math.min(1, all.size() - 1), all.size());
          System.out.printf(
              Locale.ROOT,
              "| %s | %d | %s | %s | %.1f | %.1f |%n",
              figure,
              later.size(),
              spread(later.stream().map(Cost::processor).toList()),
              spread(later.stream().map(Cost::clock).toList()),
              all.get(0).processor(),
              all.get(0).clock());
        });
  }

  private static String spread(List<Double> figures) {
    return String.format(
        Locale.ROOT,
        "%.2f (%.2f, %.2f)",
        ProcessCost.median(figures),
        Collections.min(figures),
        Collections.max(figures));
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
