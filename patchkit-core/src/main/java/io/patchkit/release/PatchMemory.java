package io.patchkit.release;

import io.patchkit.Patch;
import io.patchkit.trust.TrustedKey;
import io.patchkit.trust.VerifiedPatch;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Patches that were verified and parsed, by the digest of their content. Those that are in use
 * stay; of the others the ones that were asked for last, within a bound. Whether a patch may still
 * be used is for the caller to ask: a memory knows of no revocation. Thread-safe.
 */
final class PatchMemory {

  /**
   * A patch, how much room it takes, and from when to when the keys that signed it count.
   *
   * @param bytes twice the bytes of its files: 16-bit weights become floats
   */
  record Entry(Patch patch, long bytes, Instant notBefore, Instant notAfter) {

    /** A patch whose bytes are what their digests say, whoever signed them. */
    static Entry of(Patch patch, InstalledPatch installed) {
      return new Entry(patch, bytes(installed), Instant.MIN, Instant.MAX);
    }

    /** A patch that a policy trusts. When one of the keys expires it has to be verified again. */
    static Entry of(VerifiedPatch verified, InstalledPatch installed) {
      Instant notBefore = Instant.MIN;
      Instant notAfter = Instant.MAX;
      for (TrustedKey key : verified.signers()) {
        notBefore = key.notBefore().isAfter(notBefore) ? key.notBefore() : notBefore;
        notAfter = key.notAfter().isBefore(notAfter) ? key.notAfter() : notAfter;
      }
      return new Entry(verified.patch(), bytes(installed), notBefore, notAfter);
    }

    private static long bytes(InstalledPatch installed) {
      long bytes = 0;
      for (InstalledPatch.StoredFile file : installed.files()) {
        bytes += file.size();
      }
      return 2 * bytes;
    }
  }

  private final long maxIdleBytes;

  /** Least recently asked for first. */
  private final Map<Digest, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  private Set<Digest> used = Set.of();

  /**
   * An empty memory.
   *
   * @param maxIdleBytes for patches that are not in use
   */
  PatchMemory(long maxIdleBytes) {
    this.maxIdleBytes = maxIdleBytes;
  }

  /** The patch, null if it is not remembered or the keys that signed it do not count now. */
  synchronized @Nullable Patch find(Digest patch, Instant now) {
    Entry entry = entries.get(patch);
    return entry == null || now.isBefore(entry.notBefore()) || now.isAfter(entry.notAfter())
        ? null
        : entry.patch();
  }

  /** Remembers a patch, beyond the bound until {@link #trim} or {@link #use}. */
  synchronized void put(Digest patch, Entry entry) {
    entries.put(patch, entry);
  }

  /** Says which patches are in use now, and forgets others beyond the bound. */
  synchronized void use(Set<Digest> patches) {
    used = Set.copyOf(patches);
    trim();
  }

  /** Forgets the patches beyond the bound that were asked for least recently. */
  synchronized void trim() {
    Map<Digest, Entry> idle = new HashMap<>(entries);
    idle.keySet().removeAll(used);
    long bytes = idle.values().stream().mapToLong(Entry::bytes).sum();
    Iterator<Map.Entry<Digest, Entry>> oldest = entries.entrySet().iterator();
    while (bytes > maxIdleBytes && oldest.hasNext()) {
      Map.Entry<Digest, Entry> next = oldest.next();
      if (idle.containsKey(next.getKey())) {
        bytes -= next.getValue().bytes();
        oldest.remove();
      }
    }
  }
}
