package io.patchkit;

/** The inference engine failed while it ran a request that was valid. */
public final class EngineException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  public EngineException(String message) {
    super(message);
  }

  public EngineException(String message, Throwable cause) {
    super(message, cause);
  }
}
