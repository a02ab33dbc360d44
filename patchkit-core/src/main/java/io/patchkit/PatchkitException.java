package io.patchkit;

/**
 * The root of everything Patchkit throws when the world, not the caller, is at fault: a file that
 * is damaged, a patch that does not fit, an engine that fails. The caller's own errors are {@link
 * IllegalArgumentException} and {@link IllegalStateException}.
 *
 * <p>Every message says what was expected, what was found and what to do.
 */
public class PatchkitException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public PatchkitException(String message) {
    super(message);
  }

  public PatchkitException(String message, Throwable cause) {
    super(message, cause);
  }
}
