package io.patchkit.release;

import io.patchkit.release.AuditEntry.Action;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Takes out what nothing needs: old generations, patches that none has, and their blobs. */
final class GarbageCollector {

  /** Patches of one audit entry, whose line is far shorter than {@link AuditLog#MAX_LINE}. */
  private static final int BATCH = 1000;

  private final StoreReader reader;
  private final PendingNote pending;
  private final StoreOptions options;

  GarbageCollector(StoreReader reader, PendingNote pending, StoreOptions options) {
    this.reader = reader;
    this.pending = pending;
    this.options = options;
  }

  /** Collects; for the holder of the lock. */
  CollectedGarbage collect(Change change) throws IOException {
    List<Long> numbers = reader.generations.numbers();
    Set<Long> kept = kept(numbers);
    Set<Digest> patches = reader.marks.leased(options.clock().instant());
    Map<Long, String> damagedGenerations = new TreeMap<>();
    for (long number : numbers) {
      if (kept.contains(number)) {
        try {
          patches.addAll(StoreWriter.digests(reader.generations.read(number).stack()));
        } catch (IOException | StoreException e) {
          damagedGenerations.put(number, String.valueOf(e.getMessage()));
        }
      }
    }
    // What cannot be read may need any patch, or any file.
    List<Digest> removed = new ArrayList<>();
    Map<Digest, String> damaged = new TreeMap<>();
    for (Digest patch : reader.blobs.installed()) {
      if (damagedGenerations.isEmpty() && !patches.contains(patch)) {
        removed.add(patch);
      } else {
        String damage = reader.blobs.damageOf(patch);
        if (damage != null) {
          damaged.put(patch, damage);
        }
      }
    }
    List<Long> old = new ArrayList<>(numbers);
    old.removeAll(kept);
    remove(old, removed, damaged.isEmpty(), change);
    return new CollectedGarbage(removed, damaged, damagedGenerations);
  }

  private Set<Long> kept(List<Long> numbers) throws IOException {
    StackGeneration current = reader.generations.current();
    Set<Long> kept = new HashSet<>(reader.marks.pins());
    kept.add(current.number());
    kept.add(current.baseline());
    kept.addAll(
        numbers.subList(
            Math.max(0, numbers.size() - 1 - options.keepGenerations()), numbers.size()));
    return kept;
  }

  private void remove(List<Long> generations, List<Digest> patches, boolean blobs, Change change)
      throws IOException {
    int to = 0;
    do {
      List<Digest> batch = patches.subList(to, Math.min(to + BATCH, patches.size()));
      to += batch.size();
      boolean isLast = to == patches.size();
      pending.noting(
          Action.COLLECTED,
          change,
          batch,
          null,
          () -> {
            for (long number : generations) {
              reader.generations.delete(number);
            }
            reader.blobs.remove(batch);
            if (isLast && blobs) {
              reader.blobs.deleteUnneeded();
            }
            return batch;
          });
    } while (to < patches.size());
  }
}
