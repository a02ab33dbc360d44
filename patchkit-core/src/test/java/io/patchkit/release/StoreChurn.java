package io.patchkit.release;

import io.patchkit.Composition;
import io.patchkit.trust.PatchFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A program that changes a store at random and without end, to be killed; or a number of times, and
 * then says how many generations it made.
 */
final class StoreChurn {

  private static final int PATCHES = 6;
  private static final List<String> FILES =
      List.of("patch.json", "adapter_config.json", "adapter_model.safetensors");
  private static final Change CHURN = Change.by("churn");
  private static final StoreOptions OPTIONS =
      StoreOptions.defaults()
          .withKeepGenerations(3)
          .withInstallLease(Duration.ZERO)
          .withLockTimeout(Duration.ofMinutes(2));

  private final StoreReader reader;
  private final StoreWriter writer;
  private final List<Map<String, byte[]>> patches;
  private final SplittableRandom random;
  private final boolean collects;
  private final AtomicLong generations;

  private StoreChurn(
      Path directory,
      List<Map<String, byte[]>> patches,
      SplittableRandom random,
      boolean collects,
      AtomicLong generations)
      throws IOException {
    this.patches = patches;
    StoreLayout layout = StoreLayout.open(directory, OPTIONS.lockTimeout());
    this.reader = new StoreReader(layout);
    this.writer = new StoreWriter(layout, reader, OPTIONS);
    this.random = random;
    this.collects = collects;
    this.generations = generations;
  }

  /**
   * Arguments: the store, a seed, threads, changes per thread (0: without end), the patches.
   *
   * <p>Says "begun" once the classes are loaded: after a first change where there is no end.
   */
  public static void main(String... args) throws Exception {
    SplittableRandom random = new SplittableRandom(Long.parseLong(args[1]));
    int changes = Integer.parseInt(args[3]);
    AtomicLong generations = new AtomicLong();
    List<Map<String, byte[]>> patches = load(Path.of(args[4]));
    List<Thread> threads = new ArrayList<>();
    StoreChurn first = null;
    List<Throwable> problems = Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < Integer.parseInt(args[2]); i++) {
      StoreChurn churn =
          new StoreChurn(Path.of(args[0]), patches, random.split(), changes == 0, generations);
      first = churn;
      Thread thread = new Thread(() -> churn.run(changes));
      thread.setUncaughtExceptionHandler((t, e) -> problems.add(e));
      threads.add(thread);
    }
    if (changes == 0) {
      first.run(1);
    }
    System.out.println("begun");
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    for (Throwable problem : problems) {
      problem.printStackTrace();
    }
    System.out.println(problems.isEmpty() ? "made " + generations : "failed");
  }

  private void run(int changes) {
    for (int i = 0; changes == 0 || i < changes; i++) {
      try {
        step();
      } catch (StoreException e) {
        // Another thread or process took the patch or the generation away first.
        if (e.reason() != StoreException.Reason.NOT_INSTALLED
            && e.reason() != StoreException.Reason.UNKNOWN_GENERATION) {
          throw e;
        }
      }
    }
  }

  private void step() {
    int choice = random.nextInt(collects ? 10 : 8);
    if (choice < 5) {
      Map<String, byte[]> files = patches.get(random.nextInt(PATCHES));
      InstalledPatch patch = writer.install(files, List.of(new byte[] {1}), CHURN);
      writer.activate(patch.digest(), Activation.full(), CHURN);
      generations.incrementAndGet();
    } else if (choice < 8) {
      long current = reader.reading(reader::current).number();
      writer.rollback(
          Math.max(0, current - random.nextInt(3)),
          StackGeneration.Origin.ROLLED_BACK,
          CHURN,
          null);
      generations.incrementAndGet();
    } else {
      writer.collectGarbage(CHURN);
    }
  }

  /** Writes the files of the patches that the program installs. */
  static void save(Path folder) throws IOException {
    for (int i = 0; i < PATCHES; i++) {
      PatchFiles files =
          SignedPatches.files(
              SignedPatches.patch(
                  "patch-" + i % 4, (i + 1) + ".0.0", "slot-" + i % 3, Composition.free()));
      Path directory = Files.createDirectories(folder.resolve(Integer.toString(i)));
      for (String name : files.digests().keySet()) {
        Files.write(directory.resolve(name), files.content(name));
      }
    }
  }

  /** Reads what {@link #save} wrote: six patches of four names and three slots. */
  static List<Map<String, byte[]>> load(Path folder) throws IOException {
    List<Map<String, byte[]>> patches = new ArrayList<>();
    for (int i = 0; i < PATCHES; i++) {
      Map<String, byte[]> content = new LinkedHashMap<>();
      for (String name : FILES) {
        content.put(name, Files.readAllBytes(folder.resolve(i + "/" + name)));
      }
      patches.add(content);
    }
    return patches;
  }
}
