package io.patchkit.release;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a store's audit log.
 *
 * @param sequence 1, 2, …
 * @param time when
 * @param action what was done
 * @param change who did it and why
 * @param generation number of the generation that was current afterwards
 * @param stackDigest of that generation
 * @param patches identities of the patches it was done to; after an activation, of the whole stack
 * @param target the generation that was marked good, pinned or unpinned; null for other actions
 * @param previous SHA-256 of the entry before it, 64 zeros in the first
 */
public record AuditEntry(
    long sequence,
    Instant time,
    Action action,
    Change change,
    long generation,
    Digest stackDigest,
    List<Digest> patches,
    @Nullable Long target,
    Digest previous) {

  /** What was done to a store. */
  public enum Action {
    INSTALLED,
    ACTIVATED,
    DEACTIVATED,
    ROLLED_BACK,
    PROMOTED,
    MARKED_GOOD,
    PINNED,
    UNPINNED,
    REVOKED,
    COLLECTED,
    RECOVERED
  }

  public AuditEntry {
    patches = List.copyOf(patches);
  }

  /** The same, done to fewer patches. */
  AuditEntry withPatches(List<Digest> patches) {
    return new AuditEntry(
        sequence, time, action, change, generation, stackDigest, patches, target, previous);
  }
}
