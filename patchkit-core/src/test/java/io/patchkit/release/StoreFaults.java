package io.patchkit.release;

import io.patchkit.Patch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.logging.LogManager;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A program whose system calls fail: strace lets the N-th call of one kind that a thread makes
 * return an error. So each trial has a thread of its own, which makes N − k calls of that kind
 * elsewhere and then changes a store: its k-th call fails. This goes on until a change makes fewer
 * than k calls; then the next change has its turn.
 *
 * <p>After each trial the store has to be whole, in the old state or in the new, and the same
 * change has to succeed. Prints a line for each trial: the change, k, "old" or "new", and the
 * error; "BROKEN" where that does not hold.
 */
final class StoreFaults {

  private static final Change TRIAL = Change.by("trial");
  private static final StoreOptions OPTIONS =
      StoreOptions.defaults().withKeepGenerations(1).withInstallLease(Duration.ZERO);

  /** A change of a store. */
  private interface Work {
    void on(Store store) throws IOException;
  }

  private record Store(Path directory, StoreReader reader, StoreWriter writer) {
    static Store open(Path directory) throws IOException {
      StoreLayout layout = StoreLayout.open(directory, OPTIONS.lockTimeout());
      StoreReader reader = new StoreReader(layout);
      return new Store(directory, reader, new StoreWriter(layout, reader, OPTIONS));
    }

    Digest install(Map<String, byte[]> files) {
      return writer.install(files, List.of(new byte[] {1}), TRIAL).digest();
    }

    void activate(Digest patch, Activation activation) {
      StackGeneration unused = writer.activate(patch, activation, TRIAL);
    }
  }

  /** What readers find. */
  private record State(Digest stack, boolean isGood, List<Digest> installed) {}

  private final Path folder;
  private final String call;
  private final int nth;
  private final Path template;
  private final Path empty;
  private final List<Map<String, byte[]>> patches;
  private final List<String> report = new ArrayList<>();

  private StoreFaults(Path folder, String call, int nth) throws IOException {
    this.folder = folder;
    this.call = call;
    this.nth = nth;
    this.template = folder.resolve("template");
    this.empty = Files.createDirectories(folder.resolve("empty"));
    this.patches = StoreChurn.load(folder.resolve("patches"));
  }

  /** Arguments: a folder with {@code patches}, the system call, N. */
  public static void main(String... args) throws Exception {
    // Its records would be written by the threads whose calls are counted.
    LogManager.getLogManager().reset();
    StoreFaults faults = new StoreFaults(Path.of(args[0]), args[1], Integer.parseInt(args[2]));
    faults.run();
    System.out.println(String.join("\n", faults.report));
  }

  private static Digest digest(Map<String, byte[]> files) {
    return Digest.of(files.get(InstalledPatch.MANIFEST));
  }

  private void run() throws Exception {
    for (int patch : new int[] {0, 1, 2, 5}) {
      onTemplate(store -> store.install(patches.get(patch)));
    }
    for (int patch : new int[] {0, 1, 2}) {
      Activation activation = patch < 2 ? Activation.full() : Activation.trial();
      onTemplate(store -> store.activate(digest(patches.get(patch)), activation));
    }
    onTemplate(store -> store.writer.pin(2, TRIAL));
    Map<String, Work> changes = new LinkedHashMap<>();
    changes.put("create", store -> {});
    changes.put("install", store -> store.install(patches.get(4)));
    changes.put("activate", store -> store.activate(digest(patches.get(5)), Activation.full()));
    changes.put(
        "rollback",
        store -> store.writer.rollback(1, StackGeneration.Origin.ROLLED_BACK, TRIAL, null));
    changes.put("revoke", store -> store.writer.revoke(digest(patches.get(2)), TRIAL));
    changes.put("collect", store -> store.writer.collectGarbage(TRIAL));
    changes.put("mark", store -> store.writer.markGood(3, TRIAL));
    changes.put("pin", store -> store.writer.pin(3, TRIAL));
    changes.put("unpin", store -> store.writer.unpin(2, TRIAL));
    for (Map.Entry<String, Work> change : changes.entrySet()) {
      tryOut(change.getKey(), change.getValue());
    }
  }

  private void onTemplate(Work work) throws Exception {
    elsewhere(
        () -> {
          work.on(Store.open(template));
          return null;
        });
  }

  /** Lets one call after the other fail. */
  private void tryOut(String name, Work change) throws Exception {
    Path origin = name.equals("create") ? empty : template;
    Path clean = elsewhere(() -> copy(origin, "clean"));
    State before = elsewhere(() -> state(clean));
    State after =
        elsewhere(
            () -> {
              change.on(Store.open(clean));
              return state(clean);
            });
    boolean failed = true;
    for (int k = 1; failed; k++) {
      require(k <= nth, name + " makes more than " + nth + " calls");
      Path store = elsewhere(() -> copy(origin, "store"));
      Trial trial = new Trial(k, store, change);
      failed = elsewhere(trial);
      if (failed) {
        report.add(name + " " + k + " " + outcome(store, before, after, trial));
      }
      elsewhere(() -> delete(store));
    }
    elsewhere(() -> delete(clean));
  }

  /** Whether the k-th call came in the course of a change. */
  private final class Trial implements Callable<Boolean> {
    final int k;
    final Path store;
    final Work change;
    @Nullable Exception error;

    Trial(int k, Path store, Work change) {
      this.k = k;
      this.store = store;
      this.change = change;
    }

    @Override
    public Boolean call() throws IOException {
      for (int i = k; i < nth; i++) {
        callElsewhere();
      }
      try {
        PatchStore unused = PatchStore.open(store, OPTIONS);
        change.on(Store.open(store));
      } catch (IOException | RuntimeException e) {
        error = e;
        return true;
      }
      try {
        for (int i = 0; i < k; i++) {
          callElsewhere();
        }
        return true;
      } catch (IOException e) {
        return false;
      }
    }
  }

  private static String outcome(Path store, State before, State after, Trial trial)
      throws Exception {
    try {
      return requireWhole(store, before, after, trial).replace('\n', ' ');
    } catch (ExecutionException e) {
      return "BROKEN " + e.getCause() + " after " + trial.error;
    } catch (IllegalStateException e) {
      return "BROKEN " + e.getMessage() + " after " + trial.error;
    }
  }

  private static String requireWhole(Path store, State before, State after, Trial trial)
      throws Exception {
    State found = elsewhere(() -> state(store));
    boolean isNew = found.equals(after);
    require(
        isNew || found.stack().equals(before.stack()) || found.stack().equals(after.stack()),
        "neither old nor new: " + found);
    require(trial.error != null || isNew, "nothing is said, and it is not new");
    elsewhere(
        () -> {
          requireNoneBeyondTheCurrent(Store.open(store).reader);
          return null;
        });
    elsewhere(
        () -> {
          Store.open(store).writer.pin(0, TRIAL);
          requireTidy(Store.open(store));
          trial.change.on(Store.open(store));
          return null;
        });
    require(elsewhere(() -> state(store)).equals(after), "trying again gives another state");
    return (isNew ? "new " : "old ") + (trial.error == null ? "-" : describe(trial.error));
  }

  private static String describe(Exception error) {
    return error instanceof StoreException refusal
        ? refusal.reason() + " " + error.getMessage()
        : "BROKEN " + error;
  }

  /** Reads everything; whatever is damaged throws. */
  private static State state(Path directory) throws IOException {
    Store store = Store.open(directory);
    StackGeneration current = store.reader.generations.current();
    for (StackGeneration each : store.reader.history()) {
      for (InstalledPatch patch : store.reader.describe(each.stack())) {
        Patch unused = Patch.parse(store.reader.blobs.read(patch));
      }
    }
    List<Digest> installed = store.reader.blobs.installed();
    for (Digest patch : installed) {
      Patch unused = Patch.parse(store.reader.blobs.read(store.reader.blobs.describe(patch)));
      require(!store.reader.blobs.signatures(patch).isEmpty(), "no signature");
    }
    require(store.reader.auditEntries() != null, "no audit");
    return new State(current.stackDigest(), store.reader.generations.isGood(current), installed);
  }

  /** Of a generation that did not become current nothing is left, before anybody tidies up. */
  private static void requireNoneBeyondTheCurrent(StoreReader reader) throws IOException {
    long current = reader.generations.current().number();
    require(
        reader.generations.numbers().stream().allMatch(number -> number <= current),
        "a generation that never was current");
  }

  /** After a change that went well nothing is left of the one that did not. */
  private static void requireTidy(Store store) throws IOException {
    StackGeneration current = store.reader.generations.current();
    List<AuditEntry> audit = store.reader.auditEntries();
    require(
        current.number() == 0
            || audit.stream()
                .anyMatch(
                    entry ->
                        entry.generation() == current.number()
                            && entry.action() != AuditEntry.Action.PINNED),
        "the generation is not noted");
    for (Digest patch : store.reader.blobs.installed()) {
      require(
          audit.stream()
              .anyMatch(
                  entry ->
                      entry.action() == AuditEntry.Action.INSTALLED
                          && entry.patches().contains(patch)),
          "an install is not noted");
    }
    Set<Digest> installed = Set.copyOf(store.reader.blobs.installed());
    for (Digest patch : noted(audit, AuditEntry.Action.INSTALLED)) {
      require(
          installed.contains(patch) || noted(audit, AuditEntry.Action.COLLECTED).contains(patch),
          "a collection is not noted");
    }
    require(
        !Files.exists(store.directory.resolve("generations/3.good"))
            || audit.stream()
                .anyMatch(
                    entry ->
                        entry.action() == AuditEntry.Action.MARKED_GOOD
                            && Objects.equals(entry.target(), 3L)),
        "a mark is not noted");
    Set<Long> pins = new TreeSet<>();
    for (AuditEntry entry : audit) {
      if (entry.action() == AuditEntry.Action.PINNED) {
        pins.add(entry.target());
      } else if (entry.action() == AuditEntry.Action.UNPINNED) {
        pins.remove(entry.target());
      }
    }
    require(pins.equals(store.reader.marks.pins()), "pins are not as noted: " + pins);
    for (StackEntry entry : current.stack()) {
      require(store.reader.marks.revocationOf(entry.digest()) == null, "a revoked patch is active");
    }
    try (Stream<Path> files = Files.walk(store.directory)) {
      require(files.noneMatch(file -> file.toString().endsWith(".tmp")), "a temporary file");
    }
  }

  /** The patches to which something was done. */
  private static Set<Digest> noted(List<AuditEntry> audit, AuditEntry.Action action) {
    Set<Digest> patches = new TreeSet<>();
    audit.stream()
        .filter(entry -> entry.action() == action)
        .forEach(entry -> patches.addAll(entry.patches()));
    return patches;
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(otherwise);
    }
  }

  /** In a thread of its own, whose calls are counted from one. */
  private static <T> T elsewhere(Callable<T> work) throws Exception {
    FutureTask<T> task = new FutureTask<>(work);
    Thread thread = new Thread(task);
    thread.start();
    return task.get();
  }

  /** One system call of the kind that fails. */
  private void callElsewhere() throws IOException {
    Path scratch = folder.resolve("scratch");
    switch (call) {
      case "fsync" -> {
        try (FileChannel channel = open(scratch)) {
          channel.force(true);
        }
      }
      case "write" -> {
        try (FileChannel channel = open(scratch)) {
          channel.write(ByteBuffer.allocate(1));
        }
      }
      case "rename" -> {
        open(scratch).close();
        Files.move(scratch, folder.resolve("renamed"), StandardCopyOption.ATOMIC_MOVE);
      }
      case "unlink" -> {
        open(scratch).close();
        Files.delete(scratch);
      }
      case "mkdir" -> {
        try {
          Files.createDirectory(empty);
        } catch (FileAlreadyExistsException e) {
          // It was called.
        }
      }
      default -> throw new IllegalArgumentException(call);
    }
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private Path copy(Path origin, String name) throws IOException {
    Path copy = folder.resolve(name);
    try (Stream<Path> files = Files.walk(origin)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(origin.relativize(file)));
      }
    }
    return copy;
  }

  static boolean delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    return true;
  }
}
