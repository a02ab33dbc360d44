package io.patchkit.release;

import io.patchkit.release.StoreException.Reason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Everything that is read of a store. Takes no lock. */
final class StoreReader {

  private static final System.Logger LOG = System.getLogger(StoreReader.class.getName());

  final StoreLayout layout;
  final PatchBlobs blobs;
  final Generations generations;
  final Marks marks;
  final AuditLog audit;

  StoreReader(StoreLayout layout) {
    this.layout = layout;
    this.blobs = new PatchBlobs(layout);
    this.generations = new Generations(layout);
    this.marks = new Marks(layout);
    this.audit = new AuditLog(layout.audit);
  }

  <T> T reading(StoreWork<T> work) {
    try {
      return work.run();
    } catch (IOException e) {
      throw StoreException.io("cannot read the store " + layout.root, e);
    }
  }

  /** The current generation, or the one that takes its place while its record is damaged. */
  StackGeneration current() throws IOException {
    try {
      return generations.current();
    } catch (StoreException e) {
      StackGeneration good =
          new GoodGenerations(this)
              .before(Long.MAX_VALUE, patch -> marks.revocationOf(patch) != null, Set.of());
      LOG.log(
          System.Logger.Level.ERROR,
          layout.current + " cannot be used; using good generation " + good.number() + " instead",
          e);
      return good;
    }
  }

  List<StackGeneration> history() throws IOException {
    long last = current().number();
    List<StackGeneration> history = new ArrayList<>();
    for (long number : generations.numbers()) {
      if (number <= last) {
        try {
          history.add(generations.read(number));
        } catch (IOException | StoreException e) {
          // Damaged, or collected meanwhile.
          LOG.log(
              System.Logger.Level.WARNING,
              "leaving generation " + number + " out of the history: " + e.getMessage());
        }
      }
    }
    return history;
  }

  List<InstalledPatch> describe(List<StackEntry> stack) throws IOException {
    List<InstalledPatch> patches = new ArrayList<>();
    for (StackEntry entry : stack) {
      patches.add(describe(entry));
    }
    return patches;
  }

  /** The patch of an entry, which has to be what its patch.json says. */
  InstalledPatch describe(StackEntry entry) throws IOException {
    InstalledPatch patch = blobs.describe(entry.digest());
    if (!patch.entry().equals(entry)) {
      throw new StoreException(
          Reason.CORRUPT_GENERATION,
          "expected a generation's entry to be " + patch.entry() + ", found " + entry);
    }
    return patch;
  }

  /**
   * The audit log. Its chain cannot show that its end is gone, but the generations can: each but
   * the newest, whose entry a crash may have cost, has one.
   */
  List<AuditEntry> auditEntries() throws IOException {
    List<Long> numbers = generations.numbers();
    long current = current().number();
    List<AuditEntry> entries = audit.read();
    Set<Long> noted = new HashSet<>();
    entries.forEach(entry -> noted.add(entry.generation()));
    for (long number : numbers) {
      if (number < current && !noted.contains(number)) {
        throw new StoreException(
            Reason.AUDIT_BROKEN,
            "expected an entry for generation "
                + number
                + " in "
                + layout.audit
                + ", found none; entries were removed, unless the log was moved away and begun anew:"
                + " keep it, and find out by what");
      }
    }
    return entries;
  }

  StoreStatus status() throws IOException {
    StackGeneration current = current();
    List<InstalledPatch> installed = new ArrayList<>();
    Map<Digest, String> damaged = new TreeMap<>();
    for (Digest patch : blobs.installed()) {
      try {
        installed.add(blobs.describe(patch));
      } catch (IOException | StoreException e) {
        damaged.put(patch, String.valueOf(e.getMessage()));
      }
    }
    List<Long> numbers = new ArrayList<>(generations.numbers());
    numbers.removeIf(number -> number > current.number());
    return new StoreStatus(
        current,
        generations.isGood(current),
        installed,
        damaged,
        numbers,
        marks.pins(),
        marks.revoked());
  }
}
