package io.patchkit.release;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.Patch;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a store whose processes are killed, or that many of them change at once. */
class StoreCrashTest {

  /** As many as issue 8 asks for; {@code -Dpatchkit.kills=2000} for a long run. */
  private static final int KILLS = Integer.getInteger("patchkit.kills", 200);

  /** As many as there are processors on the machines that build. */
  private static final int STORES = 2;

  @TempDir static Path shared;
  @TempDir Path temporary;
  private static ChildJvm children;

  @BeforeAll
  static void savePatches() throws IOException, InterruptedException {
    StoreChurn.save(shared.resolve("patches"));
    children =
        ChildJvm.archived(
            shared.resolve("jvm"), StoreChurn.class, arguments(shared.resolve("store"), 1, 1, 40));
  }

  private static String[] arguments(Path store, long seed, int threads, int changes) {
    return new String[] {
      store.toString(),
      Long.toString(seed),
      Integer.toString(threads),
      Integer.toString(changes),
      shared.resolve("patches").toString()
    };
  }

  private static Process churn(Path store, long seed, int threads, int changes) throws IOException {
    return children.start(arguments(store, seed, threads, changes));
  }

  private static BufferedReader output(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  @Test
  void aKilledProcessLeavesTheOldOrTheNewGeneration() throws Exception {
    ExecutorService workers = Executors.newFixedThreadPool(STORES);
    try {
      List<Future<Long>> stores = new ArrayList<>();
      for (int i = 0; i < STORES; i++) {
        int seed = i;
        stores.add(workers.submit(() -> killAgainAndAgain(temporary.resolve("s" + seed), seed)));
      }
      long generations = 0;
      for (Future<Long> store : stores) {
        generations += store.get();
      }
      System.out.println(KILLS + " kills in the course of " + generations + " generations");
      assertThat(generations).isGreaterThan(KILLS / 2);
    } finally {
      workers.shutdownNow();
    }
  }

  private long killAgainAndAgain(Path directory, int seed) throws Exception {
    Random random = new Random(seed);
    long last = 0;
    for (int kill = 0; kill < KILLS / STORES; kill++) {
      Process process = churn(directory, random.nextLong(), 1, 0);
      assertThat(output(process).readLine()).isEqualTo("begun");
      Thread.sleep(random.nextInt(40));
      process.destroyForcibly().waitFor();
      last = requireWhole(directory, last);
    }
    PatchStore store = PatchStore.open(directory, options());
    store.collectGarbage(SignedPatches.ANN);
    assertThat(store.current().number()).isEqualTo(last);
    try (var files = Files.walk(directory)) {
      assertThat(files.filter(file -> file.getFileName().toString().endsWith(".tmp"))).isEmpty();
    }
    return last;
  }

  private static StoreOptions options() {
    return StoreOptions.defaults().withKeepGenerations(3);
  }

  /** Reads all that a reader can, takes the lock once, and gives the current number. */
  private static long requireWhole(Path directory, long before) throws IOException {
    PatchStore store = PatchStore.open(directory, options());
    StackGeneration current =
        new Generations(StoreLayout.open(directory, options().lockTimeout())).current();
    assertThat(current.number()).isGreaterThanOrEqualTo(before);
    assertThat(store.load(current).patches())
        .extracting(Patch::id)
        .isEqualTo(current.stack().stream().map(StackEntry::id).toList());
    assertThat(store.audit()).isNotNull();
    store.pin(0, SignedPatches.ANN);
    assertThat(store.current()).isEqualTo(current);
    List<AuditEntry> audit = store.audit();
    for (InstalledPatch patch : store.status().installed()) {
      assertThat(audit)
          .anyMatch(
              entry ->
                  entry.action() == AuditEntry.Action.INSTALLED
                      && entry.patches().contains(patch.digest()));
    }
    List<StackGeneration> history = store.history();
    if (current.number() > 0) {
      assertThat(history.get(history.size() - 1)).isEqualTo(current);
      // Beside the pin, which names it too.
      assertThat(audit)
          .anyMatch(
              entry ->
                  entry.generation() == current.number()
                      && entry.action() != AuditEntry.Action.PINNED);
    }
    return current.number();
  }

  @Test
  void eightProcessesOfEightThreadsLoseNoGeneration() throws Exception {
    Path directory = temporary.resolve("shared");
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      processes.add(churn(directory, i, 8, 2));
    }
    PatchStore store = PatchStore.open(directory, options());
    int reads = 0;
    while (processes.stream().anyMatch(Process::isAlive)) {
      StackGeneration current = store.current();
      assertThat(store.load(current).patches()).hasSameSizeAs(current.stack());
      assertThat(store.audit()).isNotNull();
      reads++;
    }
    long made = 0;
    for (Process process : processes) {
      List<String> lines = output(process).lines().toList();
      assertThat(lines.get(lines.size() - 1)).startsWith("made ");
      made += Long.parseLong(lines.get(lines.size() - 1).substring("made ".length()));
    }
    assertThat(reads).isPositive();
    assertThat(store.current().number()).isEqualTo(made).isEqualTo(8 * 8 * 2);
    assertThat(store.history()).hasSize((int) made);
    assertThat(store.audit().stream().filter(entry -> !entry.action().name().equals("INSTALLED")))
        .extracting(AuditEntry::generation)
        .isSorted()
        .doesNotHaveDuplicates()
        .hasSize((int) made);
  }
}
