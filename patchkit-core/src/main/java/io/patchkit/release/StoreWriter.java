package io.patchkit.release;

import io.patchkit.release.AuditEntry.Action;
import io.patchkit.release.StackGeneration.Origin;
import io.patchkit.release.StoreException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Everything that changes a store, each change under the lock and noted in the audit log. */
final class StoreWriter {

  private static final System.Logger LOG = System.getLogger(StoreWriter.class.getName());
  private static final Change RECOVERY = new Change("patchkit", "tidying up after a crash");

  final StoreOptions options;
  final Admission admission;

  private final StoreLayout layout;
  private final StoreReader reader;
  private final GoodGenerations good;
  private final StoreLock lock;
  private final PendingNote pending;
  private final GarbageCollector garbage;

  StoreWriter(StoreLayout layout, StoreReader reader, StoreOptions options) {
    this.layout = layout;
    this.reader = reader;
    this.good = new GoodGenerations(reader);
    this.options = options;
    this.admission = new Admission(reader.marks, options.revocations());
    this.lock = new StoreLock(layout.lock, options.lockTimeout());
    this.pending = new PendingNote(layout, reader, options.clock());
    this.garbage = new GarbageCollector(reader, pending, options);
  }

  private <T> T changing(StoreWork<T> work) {
    try {
      return lock.holding(
          () -> {
            recover();
            return work.run();
          });
    } catch (IOException e) {
      throw StoreException.io(
          "cannot finish a change of the store "
              + layout.root
              + " (it is whole, and its status tells whether the change happened)",
          e);
    }
  }

  /** Brings the store to the state that the last change, finished or not, left it in. */
  private void recover() throws IOException {
    layout.deleteTemporaries();
    AuditEntry last = pending.noteDone(reader.audit.repair());
    StackGeneration current;
    try {
      current = reader.generations.current();
    } catch (StoreException e) {
      LOG.log(System.Logger.Level.ERROR, "recovering " + layout.root, e);
      StackGeneration back = good.before(Long.MAX_VALUE, admission::isKnownRevoked, Set.of());
      Change change =
          RECOVERY.withReason(
              Change.reasonOf("back to generation " + back.number() + ": " + e.getMessage()));
      commit(Origin.RECOVERED, back.stack(), back.number(), Activation.full(), change);
      return;
    }
    for (long number : reader.generations.numbers()) {
      if (number > current.number()) {
        reader.generations.delete(number);
      }
    }
    long noted = last == null ? 0 : last.generation();
    if (noted < current.number()) {
      reader.audit.append(entry(action(current.origin()), current.change(), current));
    }
    StackGeneration unused = withoutRevoked(RECOVERY.withReason("finishing a revocation"));
  }

  InstalledPatch install(Map<String, byte[]> files, List<byte[]> signatures, Change change) {
    byte[] manifest = files.get(InstalledPatch.MANIFEST);
    if (manifest == null) {
      throw new IllegalArgumentException("files have no " + InstalledPatch.MANIFEST);
    }
    InstalledPatch patch = InstalledPatch.parse(manifest);
    return changing(
        () -> {
          admission.requireStanding(patch.digest(), patch.id());
          requireVersionFree(patch);
          Path lease = reader.marks.lease(patch.digest(), expiry(options.installLease()));
          try {
            pending.noting(
                Action.INSTALLED,
                change,
                List.of(patch.digest()),
                null,
                () -> {
                  reader.blobs.put(patch.digest(), files, signatures);
                  return patch;
                });
          } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(lease);
            throw e;
          }
          return patch;
        });
  }

  Path lease(Digest patch, Duration duration) {
    return changing(
        () -> {
          reader.blobs.describe(patch);
          return reader.marks.lease(patch, expiry(duration));
        });
  }

  private Instant expiry(Duration duration) {
    return options.clock().instant().plus(duration);
  }

  private void requireVersionFree(InstalledPatch patch) throws IOException {
    for (Digest digest : reader.blobs.installed()) {
      if (digest.equals(patch.digest())) {
        continue;
      }
      InstalledPatch other;
      try {
        other = reader.blobs.describe(digest);
      } catch (IOException | StoreException e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "installing " + patch.id() + " beside a patch that cannot be read: " + e.getMessage());
        continue;
      }
      if (other.name().equals(patch.name()) && other.version().equals(patch.version())) {
        throw new StoreException(
            Reason.VERSION_TAKEN,
            "expected "
                + patch.id()
                + " to be "
                + digest
                + ", which is installed, found "
                + patch.digest()
                + "; a release never changes: give the new one a new version");
      }
    }
  }

  StackGeneration activate(Digest patch, Activation activation, Change change) {
    return changing(
        () -> {
          StackGeneration current = reader.generations.current();
          InstalledPatch installed = reader.blobs.describe(patch);
          admission.requireStanding(patch, installed.id());
          List<StackEntry> stack = stackWith(current, installed);
          admission.requireStanding(stack, reader.generations.baseline(current));
          return commit(Origin.ACTIVATED, stack, current.number(), activation, change);
        });
  }

  List<StackEntry> stackWith(StackGeneration current, InstalledPatch patch) throws IOException {
    return require(StackRules.with(reader.describe(current.stack()), patch));
  }

  StackGeneration activateStack(List<Digest> patches, Activation activation, Change change) {
    return changing(
        () -> {
          StackGeneration current = reader.generations.current();
          List<InstalledPatch> stack = new ArrayList<>();
          for (Digest patch : patches) {
            stack.add(reader.blobs.describe(patch));
          }
          List<StackEntry> entries = require(stack);
          admission.requireStanding(entries, reader.generations.baseline(current));
          return commit(Origin.ACTIVATED, entries, current.number(), activation, change);
        });
  }

  StackGeneration deactivate(String name, Change change) {
    return changing(
        () -> {
          StackGeneration current = reader.generations.current();
          List<InstalledPatch> stack = reader.describe(current.stack());
          if (!stack.removeIf(patch -> patch.name().equals(name))) {
            throw new StoreException(
                Reason.NOT_ACTIVE,
                "expected an active patch named '"
                    + name
                    + "', found "
                    + current.stack().stream().map(StackEntry::id).toList());
          }
          List<StackEntry> rest = require(stack);
          if (current.isCanary()) {
            admission.requireStanding(rest, reader.generations.baseline(current));
          }
          return commit(Origin.DEACTIVATED, rest, current.number(), Activation.full(), change);
        });
  }

  StackGeneration rollback(
      long target, Origin origin, Change change, @Nullable Long expectedCurrent) {
    return changing(
        () -> {
          StackGeneration current = reader.generations.current();
          if (expectedCurrent != null && current.number() != expectedCurrent) {
            return current;
          }
          StackGeneration old = reader.generations.read(target);
          if (target > current.number()) {
            throw new StoreException(
                Reason.UNKNOWN_GENERATION,
                "expected a generation up to " + current.number() + ", found " + target);
          }
          admission.requireStanding(old.stack(), baselineOf(old), baselineOf(current));
          List<InstalledPatch> stack = reader.describe(old.stack());
          boolean onTrial = !reader.generations.isGood(old);
          return commit(
              origin, require(stack), current.number(), new Activation(1, onTrial), change);
        });
  }

  /** What all requests get beside a canary; nothing where that record is gone or damaged. */
  private StackGeneration baselineOf(StackGeneration generation) {
    try {
      return reader.generations.baseline(generation);
    } catch (IOException | StoreException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "passing over the baseline of generation " + generation.number() + ": " + e.getMessage());
      return StackGeneration.zero();
    }
  }

  /** The newest good one that {@link #rollback} takes. */
  StackGeneration lastGoodBefore(long number) throws IOException {
    return good.before(number, admission::isRevoked, Set.of());
  }

  /** The newest good one for requests that have a revoked patch and cannot get the current. */
  StackGeneration fallbackBefore(long number, StackGeneration current) throws IOException {
    return good.before(number, admission::isKnownRevoked, good.deactivated(current));
  }

  StackGeneration promote(Change change) {
    return changing(
        () -> {
          StackGeneration current = reader.generations.current();
          if (!current.isCanary()) {
            return current;
          }
          admission.requireStanding(current.stack(), reader.generations.baseline(current));
          return commit(
              Origin.PROMOTED, current.stack(), current.number(), Activation.full(), change);
        });
  }

  void markGood(long number, Change change) {
    changing(
        () -> {
          StackGeneration generation = reader.generations.read(number);
          if (!reader.generations.isGood(generation)) {
            pending.noting(
                Action.MARKED_GOOD,
                change,
                digests(generation.stack()),
                number,
                () -> {
                  reader.generations.markGood(number);
                  return number;
                });
          }
          return generation;
        });
  }

  void pin(long number, Change change) {
    changing(
        () -> {
          StackGeneration generation = reader.generations.read(number);
          pending.noting(
              Action.PINNED,
              change,
              digests(generation.stack()),
              number,
              () -> {
                reader.marks.pin(number);
                return number;
              });
          return generation;
        });
  }

  void unpin(long number, Change change) {
    changing(
        () -> {
          pending.noting(
              Action.UNPINNED,
              change,
              List.of(),
              number,
              () -> {
                reader.marks.unpin(number);
                return number;
              });
          return number;
        });
  }

  StackGeneration revoke(Digest patch, Change change) {
    return changing(
        () -> {
          revokeNow(patch, change);
          return withoutRevoked(change);
        });
  }

  StackGeneration applyRevocations(Change change) {
    return changing(
        () -> {
          for (Digest patch : reader.blobs.installed()) {
            Revocations.Standing standing = admission.standingOf(patch);
            if (standing.state() == Revocations.State.REVOKED
                && reader.marks.revocationOf(patch) == null) {
              revokeNow(patch, change.withReason(Change.reasonOf(standing.reason())));
            }
          }
          return withoutRevoked(change);
        });
  }

  private void revokeNow(Digest patch, Change change) throws IOException {
    pending.noting(
        Action.REVOKED,
        change,
        List.of(patch),
        null,
        () -> {
          reader.marks.revoke(patch, change.reason());
          return patch;
        });
  }

  /** The current generation if none of its patches, nor of its baseline's, is revoked. */
  private StackGeneration withoutRevoked(Change change) throws IOException {
    StackGeneration current = reader.generations.current();
    StackGeneration all = baselineOf(current);
    if (!hasRevoked(current) && !hasRevoked(all)) {
      return current;
    }
    GoodGenerations.Replacement other = good.without(admission::isKnownRevoked, current, all);
    StackGeneration made =
        commit(
            Origin.REVOKED,
            other.stack(),
            current.number(),
            new Activation(1, other.onTrial()),
            change);
    if (made.stack().isEmpty()) {
      LOG.log(
          System.Logger.Level.WARNING,
          layout.root
              + " has no active patch since a revocation, so that requests get the bare model;"
              + " install and activate another release");
    }
    return made;
  }

  private boolean hasRevoked(StackGeneration generation) throws IOException {
    for (StackEntry entry : generation.stack()) {
      if (reader.marks.revocationOf(entry.digest()) != null) {
        return true;
      }
    }
    return false;
  }

  CollectedGarbage collectGarbage(Change change) {
    return changing(() -> garbage.collect(change));
  }

  private static List<StackEntry> require(List<InstalledPatch> stack) {
    StackRules.require(stack);
    List<StackEntry> entries = new ArrayList<>();
    stack.forEach(patch -> entries.add(patch.entry()));
    return entries;
  }

  /** Writes a generation, makes it current, and notes it. */
  private StackGeneration commit(
      Origin origin, List<StackEntry> stack, long parent, Activation activation, Change change)
      throws IOException {
    List<Long> numbers = reader.generations.numbers();
    long last = numbers.isEmpty() ? 0 : numbers.get(numbers.size() - 1);
    // Where records were lost, the log still knows which numbers were taken.
    long number = Math.max(parent, Math.max(last, reader.audit.lastGeneration())) + 1;
    long baseline = activation.share() == 1 ? number : reader.generations.read(parent).baseline();
    StackGeneration generation =
        new StackGeneration(
            number,
            parent,
            origin,
            change,
            options.clock().instant(),
            stack,
            activation.share(),
            baseline,
            activation.onTrial());
    AuditEntry entry = entry(action(origin), change, generation);
    try {
      reader.generations.write(generation);
      reader.generations.makeCurrent(generation);
    } catch (IOException e) {
      withdraw(generation, e);
      throw e;
    }
    reader.audit.append(entry);
    return generation;
  }

  /** Takes a record back whose generation did not become current. */
  private void withdraw(StackGeneration generation, IOException reason) {
    try {
      if (!reader.generations.current().equals(generation)) {
        reader.generations.delete(generation.number());
      }
    } catch (IOException | StoreException e) {
      reason.addSuppressed(e);
    }
  }

  private AuditEntry entry(Action action, Change change, StackGeneration generation)
      throws IOException {
    return reader.audit.next(
        options.clock().instant(), action, change, generation, digests(generation.stack()), null);
  }

  private static Action action(Origin origin) {
    return switch (origin) {
      case ACTIVATED -> Action.ACTIVATED;
      case DEACTIVATED -> Action.DEACTIVATED;
      case ROLLED_BACK -> Action.ROLLED_BACK;
      case PROMOTED -> Action.PROMOTED;
      case REVOKED -> Action.REVOKED;
      case CREATED, RECOVERED -> Action.RECOVERED;
    };
  }

  static List<Digest> digests(List<StackEntry> stack) {
    List<Digest> digests = new ArrayList<>();
    stack.forEach(entry -> digests.add(entry.digest()));
    return digests;
  }
}
