package io.patchkit.trust;

import io.patchkit.PatchkitException;
import java.util.Objects;

/** A key file that holds no key this library signs or verifies with. */
public final class UnusableKeyException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  /** What is wrong with the key. */
  public enum Reason {
    /** The text is no PEM of the expected kind. */
    NOT_PEM,
    /** The PEM holds something else than one well-formed key. */
    MALFORMED,
    /** The key is of another algorithm than ECDSA: Ed25519, RSA. */
    ALGORITHM,
    /** The key is on another curve than P-256, P-384 and P-521. */
    CURVE,
    /**
     * The public key is not in its one canonical form. Two forms of one key would have two key ids.
     */
    NOT_CANONICAL
  }

  private final Reason reason;

  UnusableKeyException(Reason reason, String message) {
    super(message);
    this.reason = Objects.requireNonNull(reason);
  }

  UnusableKeyException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = Objects.requireNonNull(reason);
  }

  public Reason reason() {
    return reason;
  }
}
