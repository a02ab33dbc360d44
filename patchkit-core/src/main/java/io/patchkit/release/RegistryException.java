package io.patchkit.release;

import io.patchkit.PatchkitException;
import java.util.Objects;

/**
 * A registry that cannot be reached, refuses, or sends what it should not. Nothing of what it sent
 * was kept.
 */
public final class RegistryException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  /** Why. One constant for each way to fail. */
  public enum Reason {
    // What was asked
    /** There is no such patch, or no such version of it. */
    NOT_FOUND,
    /** There are versions, but none within the range. */
    NO_MATCH,
    /** The version is published with other content; a release never changes. */
    VERSION_TAKEN,
    /** The registry wants credentials, or does not accept those that were given. */
    UNAUTHORIZED,
    /** Credentials would go over an unencrypted or unexpected way. */
    INSECURE_CREDENTIALS,

    // What was sent
    /** A version names another manifest than it did when its digest was taken. */
    TAG_MOVED,
    /** A manifest's bytes are not those of its digest. */
    MANIFEST_DIGEST,
    /** A blob's bytes are not those of its digest. */
    BLOB_DIGEST,
    /** The manifest names a blob that is not there. */
    MISSING_BLOB,
    /** Fewer or more bytes than the manifest says, or a Content-Length that contradicts it. */
    SIZE_MISMATCH,
    /** More bytes than are allowed. */
    TOO_LARGE,
    /** An index, or a manifest of something else than a patch. */
    NOT_A_PATCH,
    /** The manifest breaks the rules for patches. */
    MALFORMED_MANIFEST,
    /** The manifest has more layers than a patch can have. */
    TOO_MANY_LAYERS,
    /** The config is another document than the layer {@code patch.json}. */
    CONFIG_MISMATCH,
    /** A reply that the protocol does not have. */
    MALFORMED_REPLY,
    /** Another part of a blob than the one that was asked for. */
    WRONG_RANGE,
    /** A redirect from https to http. */
    REDIRECT_DOWNGRADE,
    /** A redirect that must not be followed, or one too many. */
    REDIRECT_REFUSED,

    // The way there; met after all retries
    /** No connection, or one that broke. */
    CONNECTION,
    /** The connection ended before the body did. */
    TRUNCATED,
    /** No byte came for a while. */
    STALLED,
    /** The whole took longer than allowed. */
    DEADLINE,
    /** The server failed (5xx). */
    SERVER_ERROR,
    /** The server wants fewer requests (429). */
    TOO_MANY_REQUESTS,
    /** A local file could not be read or written. */
    IO
  }

  private final Reason reason;

  public RegistryException(Reason reason, String message) {
    super(message);
    this.reason = Objects.requireNonNull(reason);
  }

  public RegistryException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = Objects.requireNonNull(reason);
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }
}
