package io.patchkit;

/** A model that is intact but that this backend cannot run, such as a graph without past inputs. */
public final class UnsupportedModelException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  public UnsupportedModelException(String message) {
    super(message);
  }

  public UnsupportedModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
