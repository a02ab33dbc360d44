package io.patchkit;

/** A queue turned a request away because as many wait as may; try again later, or elsewhere. */
public final class QueueFullException extends PatchkitException {

  private static final long serialVersionUID = 1L;

  public QueueFullException(String message) {
    super(message);
  }
}
