package io.patchkit;

/** A patch directory that is incomplete, damaged or not what its manifest says. */
public final class CorruptPatchException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  public CorruptPatchException(String message) {
    super(message);
  }

  public CorruptPatchException(String message, Throwable cause) {
    super(message, cause);
  }
}
