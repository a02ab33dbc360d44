package io.patchkit.trust;

import io.patchkit.PatchkitException;
import java.util.Objects;

/**
 * Content that is not what somebody trusted signed: it is refused, and nothing of it was used.
 *
 * <p>{@link #code()} is for programs, one constant per rule of {@code docs/trust.md}; the message
 * is for people.
 */
public final class UntrustedPatchException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  /** The rule that was broken. */
  public enum Code {
    // The signature bundle
    /** There is no signature bundle at all. */
    UNSIGNED,
    /** More signature bundles than are looked at. */
    TOO_MANY_BUNDLES,
    /** A bundle is not strict JSON, has unknown or missing fields, or is too large. */
    MALFORMED_BUNDLE,
    /** A bundle of another media type or version, or one that rests on certificates. */
    UNSUPPORTED_BUNDLE,
    /** A bundle does not name the key that made it. */
    MISSING_HINT,
    /** The envelope's payload is no in-toto statement. */
    UNSUPPORTED_PAYLOAD,
    /** The envelope has no signature, or more than one. */
    SIGNATURE_COUNT,
    /** The signature is not the DER of two integers within the curve's order. */
    MALFORMED_SIGNATURE,
    /** The signature is not that key's over that statement. */
    INVALID_SIGNATURE,

    // The signed statement
    /** The statement is not strict JSON, or has unknown or missing fields. */
    MALFORMED_STATEMENT,
    /** The statement is no in-toto Statement v1 with a Model Signing v1.0 predicate. */
    UNSUPPORTED_STATEMENT,
    /** The statement has no subject, or more than one. */
    SUBJECT_COUNT,
    /** Files are hashed in another way than whole, with SHA-256, without links, none left out. */
    UNSUPPORTED_SERIALIZATION,
    /** The files are not in order, one is listed twice, or a digest is not written as it should. */
    RESOURCES_NOT_CANONICAL,
    /** The subject's digest is not that of the listed files. */
    ROOT_MISMATCH,

    // The keys
    /** No key of the keyring has the bundle's hint. */
    UNKNOWN_KEY,
    /** The key has been revoked. */
    KEY_REVOKED,
    /** The key's validity has not begun. */
    KEY_NOT_YET_VALID,
    /** The key's validity is over. */
    KEY_EXPIRED,
    /** The key may not sign patches of this name. */
    KEY_OUT_OF_SCOPE,
    /** Fewer distinct keys than the policy demands. */
    THRESHOLD_NOT_MET,
    /** Fewer distinct keys of a role than the policy demands. */
    ROLE_NOT_MET,

    // The files
    /** A name that is no plain path within the directory on every system, or two that collide. */
    UNSAFE_NAME,
    /** A hidden file or directory: {@code .git}, {@code .DS_Store}. */
    HIDDEN_FILE,
    /** A link, a device, a pipe, or a directory where a file belongs. */
    NOT_A_REGULAR_FILE,
    /** A file with a second name, through which it may change. */
    HARD_LINK,
    /** A file is larger, or there are more of them, than the format allows. */
    TOO_LARGE,
    /** A file that was not signed, or that a patch does not have. */
    EXTRA_FILE,
    /** A file that was signed, or that every patch has, is not there. */
    MISSING_FILE,
    /** The signature is that of another patch: its {@code patch.json} differs. */
    ANOTHER_PATCH,
    /** A file's content is not what was signed. */
    DIGEST_MISMATCH,

    // The content, which is read once all of the above holds
    /**
     * {@code patch.json} is not what its format says, or does not list the files that were signed.
     */
    MALFORMED_MANIFEST,
    /** A format version or kind of patch that this library does not know. */
    UNKNOWN_FORMAT,
    /** The patch's version is no semantic version, or carries build metadata. */
    MALFORMED_VERSION,
    /** A file's size is not the one that {@code patch.json} states. */
    SIZE_MISMATCH,
    /** {@code adapter_config.json} is not what its format says. */
    MALFORMED_CONFIG,
    /** {@code adapter_model.safetensors} is not what its format says. */
    MALFORMED_WEIGHTS,
    /** {@code evaluation.json} or {@code provenance.json} is no JSON object. */
    MALFORMED_DOCUMENT,
    /** The files are well-formed each and contradict one another. */
    DISAGREEMENT,
    /** A number of the prefix is NaN or infinite. */
    NON_FINITE_WEIGHTS,
    /** A number of the prefix is larger than the policy allows. */
    EXTREME_WEIGHTS,
    /** The patch lacks something else that the policy demands. */
    REQUIREMENT_NOT_MET
  }

  private final Code code;

  /**
   * @param code the rule that was broken
   * @param message what was expected, what was found, what to do
   */
  public UntrustedPatchException(Code code, String message) {
    super(message);
    this.code = Objects.requireNonNull(code, "code");
  }

  public UntrustedPatchException(Code code, String message, Throwable cause) {
    super(message, cause);
    this.code = Objects.requireNonNull(code, "code");
  }

  /** The rule that was broken. */
  public Code code() {
    return code;
  }
}
