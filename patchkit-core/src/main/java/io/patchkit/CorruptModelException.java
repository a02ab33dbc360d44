package io.patchkit;

/** A model folder whose files are missing, truncated or inconsistent with one another. */
public final class CorruptModelException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  public CorruptModelException(String message) {
    super(message);
  }

  public CorruptModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
