package io.patchkit;

import java.util.Objects;

/** A patch directory that is incomplete, damaged or not what its manifest says. */
public final class CorruptPatchException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  /** What is wrong with the patch. */
  public enum Fault {
    /** A file is not there. */
    MISSING_FILE,
    /** A file is not among those that {@code patch.json} lists. */
    UNLISTED_FILE,
    /** A file is larger than the format allows. */
    TOO_LARGE,
    /** A file has not the size that {@code patch.json} states. */
    SIZE,
    /** A file has not the SHA-256 that {@code patch.json} states. */
    DIGEST,
    /** {@code patch.json} is not what its format says. */
    MANIFEST,
    /** {@code adapter_config.json} is not what its format says. */
    CONFIG,
    /** {@code adapter_model.safetensors} is not what its format says. */
    WEIGHTS,
    /** One of the {@linkplain PatchDocument documents} beside the weights is no JSON object. */
    DOCUMENT,
    /** The files are well-formed each and do not agree with one another. */
    DISAGREEMENT
  }

  private final Fault fault;

  public CorruptPatchException(Fault fault, String message) {
    super(message);
    this.fault = Objects.requireNonNull(fault, "fault");
  }

  public CorruptPatchException(Fault fault, String message, Throwable cause) {
    super(message, cause);
    this.fault = Objects.requireNonNull(fault, "fault");
  }

  /** What is wrong with the patch. */
  public Fault fault() {
    return fault;
  }
}
