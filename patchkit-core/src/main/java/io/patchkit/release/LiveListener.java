package io.patchkit.release;

/**
 * Hears what becomes of a followed store's generations. Called by the thread that follows; what it
 * throws is logged and changes nothing.
 */
public interface LiveListener {

  /** New requests get this generation from now on. */
  default void switched(StackGeneration generation) {}

  /**
   * The generation is not used: it does not load, does not fit the model, or the probe refused it.
   * New requests keep what they got before, or get what was rolled back to. Told once of a
   * generation, however often it is tried again; each time while they have a revoked patch that
   * nothing could take the place of.
   */
  default void refused(StackGeneration generation, RuntimeException reason) {}
}
