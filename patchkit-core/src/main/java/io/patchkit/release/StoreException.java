package io.patchkit.release;

import io.patchkit.PatchkitException;
import java.io.IOException;
import java.util.Objects;

/**
 * A local store that refuses, or cannot do, what was asked. The store is as it was; where the disk
 * failed at the very end of a change, it may be as the change left it. It is whole either way.
 */
public final class StoreException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  /** Why. One constant for each way to be refused. */
  public enum Reason {
    // The store itself
    /** The directory holds something else than a store. */
    NOT_A_STORE,
    /** The store was written by a newer version of this library. */
    FORMAT_NEWER,
    /** Somebody else held the lock for longer than the caller would wait. */
    LOCKED,
    /** The disk, or a quota, has less room than the change needs. */
    NO_SPACE,
    /** Reading or writing failed. */
    IO,

    // What lies in it
    /** A file's bytes are not those that its name promises. */
    CORRUPT_BLOB,
    /** A file that an installed patch lists is not there. */
    MISSING_BLOB,
    /** A generation's record is damaged. */
    CORRUPT_GENERATION,
    /** {@code patch.json} is not what the format says. */
    CORRUPT_PATCH,
    /** The audit log does not continue itself: an entry was changed, removed or put in. */
    AUDIT_BROKEN,

    // What was asked
    /** There is no such generation, or it was collected. */
    UNKNOWN_GENERATION,
    /** The patch is not installed, or was collected. */
    NOT_INSTALLED,
    /** No patch of that name is active. */
    NOT_ACTIVE,
    /** The patch is revoked. */
    REVOKED,
    /** The patch is withdrawn: it may stay where it runs but not come anew. */
    WITHDRAWN,
    /** What is known of revocations is too old to act on. */
    STALE,
    /** Another patch of the same name and version is installed. */
    VERSION_TAKEN,
    /** More keys would have signed the patch than are looked at when it is verified. */
    TOO_MANY_SIGNATURES,

    // How patches stand together
    /** Two patches of the stack take one slot. */
    SLOT_TAKEN,
    /** Two patches of the stack have one name. */
    NAME_TAKEN,
    /** A patch that another one requires is not in the stack. */
    REQUIREMENT_MISSING,
    /** A patch that another one requires stands behind it. */
    REQUIREMENT_BEHIND,
    /** Patches require each other, so that no order satisfies them. */
    REQUIREMENT_CYCLE,
    /** Two patches that conflict are in the stack. */
    CONFLICT,
    /** A patch and the one that it replaces are in the stack. */
    REPLACED
  }

  private final Reason reason;

  public StoreException(Reason reason, String message) {
    super(message);
    this.reason = Objects.requireNonNull(reason);
  }

  public StoreException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = Objects.requireNonNull(reason);
  }

  /**
   * Reading or writing failed.
   *
   * @param what what could not be done
   */
  static StoreException io(String what, IOException e) {
    // Java has no type for it; these are the words of the C library.
    String text = e.toString();
    boolean isFull =
        text.contains("No space left on device") || text.contains("Disk quota exceeded");
    return new StoreException(
        isFull ? Reason.NO_SPACE : Reason.IO,
        what
            + ": "
            + text
            + (isFull
                ? "; the disk is full: free some, for instance by collecting garbage, and try again"
                : "; check the disk and the permissions, and try again"),
        e);
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }
}
