package io.patchkit;

/** A request that needs more positions than the model's context has. */
public final class ContextOverflowException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  public ContextOverflowException(String message) {
    super(message);
  }

  public ContextOverflowException(String message, Throwable cause) {
    super(message, cause);
  }
}
