package io.patchkit.release.channel;

import io.patchkit.PatchkitException;
import java.util.Objects;

/** A channel whose metadata is refused, or a patch that a channel does not let pass. */
public final class ChannelException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  /** The rule that was broken. */
  public enum Code {
    // Getting metadata
    /**
     * Metadata cannot be fetched, or another client or publisher is at work for too long; what is
     * known stays as it is.
     */
    UNAVAILABLE,
    /** The channel lacks a file that it must have. */
    MISSING,
    /** A file is longer than it may be: reading stopped. */
    TOO_LARGE,
    /** A file is not TUF metadata of its role, or not strict JSON. */
    MALFORMED,
    /** What is stored locally is damaged. */
    CORRUPT_STATE,

    // Who says it
    /** Fewer distinct keys of the role have signed than the root demands. */
    THRESHOLD_NOT_MET,
    /** A version is not the one that was announced for it. */
    VERSION_MISMATCH,
    /** More new roots at once than are followed. */
    TOO_MANY_ROOTS,

    // When it says it
    /** A version is lower than one that was seen before. */
    ROLLBACK,
    /** A version is so far ahead that no publisher gets there: it would lock later ones out. */
    FAST_FORWARD,
    /** Metadata whose time is over: the channel is frozen, or its publisher sleeps. */
    EXPIRED,
    /** A file is not the one that the file above it announces. */
    MIX_AND_MATCH,
    /** Two different contents under one version. */
    EQUIVOCATION,
    /** A patch that was revoked is listed as good again, or no more. */
    REVOCATION_DROPPED,
    /** The security epoch of a patch, or the highest of its name, is lower than it was. */
    EPOCH_ROLLBACK,

    // Patches
    /** The patch is revoked: it must not run. */
    REVOKED,
    /** The patch is withdrawn: it must not be installed anew. */
    WITHDRAWN,
    /** The patch's security epoch is behind that of its name: it must not be installed anew. */
    EPOCH_BEHIND,
    /** The patch bears a label that this client does not follow: not for installing anew here. */
    OTHER_LABEL,
    /** What a registry has under the release's name is not the release that the channel lists. */
    RELEASE_MISMATCH,
    /** The channel does not list the patch. */
    UNLISTED,
    /** What is known of the channel is too old to install by. */
    STALE,
    /** The clock is behind a time that was seen before, so nothing known can be called fresh. */
    CLOCK_BEHIND
  }

  private final Code code;

  /**
   * @param code the rule that was broken
   * @param message what was expected, what was found, what to do
   */
  public ChannelException(Code code, String message) {
    super(message);
    this.code = Objects.requireNonNull(code, "code");
  }

  public ChannelException(Code code, String message, Throwable cause) {
    super(message, cause);
    this.code = Objects.requireNonNull(code, "code");
  }

  /** The rule that was broken. */
  public Code code() {
    return code;
  }
}
