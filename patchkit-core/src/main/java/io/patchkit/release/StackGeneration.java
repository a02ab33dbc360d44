package io.patchkit.release;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.List;

/**
 * One state of a store: the ordered stack of active patches, where it came from, and why.
 * Immutable, on disk too; a rollback is a new generation with an old stack.
 *
 * @param number 1, 2, …; 0 is the state of a new store
 * @param parent the number of the generation before it
 * @param origin what made it
 * @param change who made it and why
 * @param created when
 * @param stack the patches in order
 * @param share of the requests that this generation serves, above 0 and at most 1
 * @param baseline number of the generation that serves the other requests; the generation's own
 *     number where the share is 1
 * @param onTrial whether it is good only once it was found to work
 */
public record StackGeneration(
    long number,
    long parent,
    Origin origin,
    Change change,
    Instant created,
    List<StackEntry> stack,
    double share,
    long baseline,
    boolean onTrial) {

  /** What made a generation. */
  public enum Origin {
    /** A new store: the base model as it is. */
    CREATED,
    /** A patch was activated, or a whole stack was. */
    ACTIVATED,
    /** A patch was taken out. */
    DEACTIVATED,
    /** An older generation's stack was made current again. */
    ROLLED_BACK,
    /** A canary became what all requests get. */
    PROMOTED,
    /** A revoked patch was taken out. */
    REVOKED,
    /** The record of the current generation was damaged, and the last good one took its place. */
    RECOVERED
  }

  public StackGeneration {
    stack = List.copyOf(stack);
    if (number < 0 || parent < 0 || parent > number || baseline < 0 || baseline > number) {
      throw new IllegalArgumentException(
          "number, parent, baseline are "
              + List.of(number, parent, baseline)
              + "; allowed: at least 0, parent and baseline at most number");
    }
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("share is " + share + "; allowed: above 0, at most 1");
    }
    if ((share == 1) != (baseline == number)) {
      throw new IllegalArgumentException(
          "share is "
              + share
              + " and baseline "
              + baseline
              + "; allowed: the generation itself where the share is 1, an older one elsewhere");
    }
  }

  /** The state of a new store. */
  static StackGeneration zero() {
    return new StackGeneration(
        0, 0, Origin.CREATED, Change.by("patchkit"), Instant.EPOCH, List.of(), 1, 0, false);
  }

  /** Whether only a share of the requests is served by it. */
  public boolean isCanary() {
    return share < 1;
  }

  /** SHA-256 of the patches' digests in order, each followed by a line feed. */
  public Digest stackDigest() {
    MessageDigest sha256 = Digest.sha256();
    for (StackEntry entry : stack) {
      sha256.update((entry.digest().hex() + "\n").getBytes(StandardCharsets.US_ASCII));
    }
    return Digest.of(sha256);
  }

  boolean contains(Digest patch) {
    for (StackEntry entry : stack) {
      if (entry.digest().equals(patch)) {
        return true;
      }
    }
    return false;
  }
}
