package io.patchkit;

/**
 * Is told how requests end, whoever started them. Called in the thread that computes, between two
 * tokens of other requests: hand longer work to another thread. What it throws is logged and
 * otherwise ignored. Thread-safe.
 */
public interface GenerationListener {

  /** A generation ended, cancelled or not. */
  void finished(PatchStack patches, Generation generation);

  /** A generation failed; the caller gets the same exception. */
  void failed(PatchStack patches, RuntimeException failure);

  /** A listener that does nothing. */
  static GenerationListener none() {
    return NoListener.INSTANCE;
  }
}
