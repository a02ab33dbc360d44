package io.patchkit.release;

import io.patchkit.release.StoreException.Reason;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * Who may come in, and who may never run again: what the store remembers of revocations, and what
 * {@link StoreOptions#revocations} says.
 */
final class Admission {

  private static final System.Logger LOG = System.getLogger(Admission.class.getName());

  private final Marks marks;
  private final Revocations revocations;

  Admission(Marks marks, Revocations revocations) {
    this.marks = marks;
    this.revocations = revocations;
  }

  /** Refuses what may not come anew: a patch that is revoked or withdrawn, or news too old. */
  void requireStanding(Digest patch, String id) throws IOException {
    requireNotRevoked(patch, id);
    Revocations.Standing standing = standingOf(patch);
    if (standing.state() == Revocations.State.WITHDRAWN) {
      throw Marks.refusal(Reason.WITHDRAWN, patch, id, standing.reason());
    }
    if (asking(revocations::isStale)) {
      throw new StoreException(
          Reason.STALE,
          "expected fresh news of revocations before "
              + id
              + " comes in, found them expired; refresh the channel, or state an offline policy");
    }
  }

  /**
   * Refuses to give a stack to more requests than have it: what some of them would get anew has to
   * be in good standing, and nothing may be revoked.
   *
   * @param served what all requests have; for a rollback also what they had at that time
   */
  void requireStanding(List<StackEntry> stack, StackGeneration... served) throws IOException {
    for (StackEntry entry : stack) {
      if (Arrays.stream(served).anyMatch(all -> all.contains(entry.digest()))) {
        requireNotRevoked(entry.digest(), entry.id());
      } else {
        requireStanding(entry.digest(), entry.id());
      }
    }
  }

  /** Refuses a patch that is known to be revoked, here or elsewhere. */
  void requireNotRevoked(Digest patch, String id) throws IOException {
    marks.requireNotRevoked(patch, id);
    Revocations.Standing standing = standingOf(patch);
    if (standing.state() == Revocations.State.REVOKED) {
      throw Marks.refusal(Reason.REVOKED, patch, id, standing.reason());
    }
  }

  /** Whether a patch is known to be revoked, here or elsewhere. */
  boolean isRevoked(Digest patch) throws IOException {
    return marks.revocationOf(patch) != null
        || standingOf(patch).state() == Revocations.State.REVOKED;
  }

  /** The same by what this store remembers alone where the rest cannot be asked. */
  boolean isKnownRevoked(Digest patch) throws IOException {
    try {
      return isRevoked(patch);
    } catch (StoreException e) {
      LOG.log(System.Logger.Level.WARNING, "going by the store alone: " + e.getMessage());
      return false;
    }
  }

  /** What {@link StoreOptions#revocations} says of a patch. */
  Revocations.Standing standingOf(Digest patch) {
    return asking(() -> revocations.of(patch));
  }

  private <T> T asking(Supplier<T> question) {
    try {
      return question.get();
    } catch (RuntimeException e) {
      throw new StoreException(
          Reason.IO,
          "expected StoreOptions.revocations to say what is revoked, found that it cannot: "
              + e.getMessage()
              + "; until it can, what asks it is refused",
          e);
    }
  }
}
