package io.patchkit.release;

import java.util.Objects;

/**
 * What is known of released patches after their release: whether they are still good. A channel is
 * one. Thread-safe; an answer takes no network.
 */
public interface Revocations {

  /** Where a patch stands. */
  enum State {
    /** Released and good. */
    ACTIVE,
    /** May stay where it runs, but not be installed or activated anew. */
    WITHDRAWN,
    /** Must not run anywhere. */
    REVOKED,
    /** Not known here. Allowed; whether a patch must be listed is decided when it is verified. */
    UNLISTED
  }

  /**
   * Where one patch stands.
   *
   * @param state its state
   * @param reason for people; may be empty
   */
  record Standing(State state, String reason) {
    public Standing {
      Objects.requireNonNull(state, "state");
      Objects.requireNonNull(reason, "reason");
    }
  }

  /**
   * The standing of the patch of this identity. Where this throws, a store refuses with {@code IO}
   * whatever would come in or back; it still revokes, by what it remembers itself.
   */
  Standing of(Digest patch);

  /**
   * Whether what is known is too old to install or activate by. What runs already goes on; a
   * rollback is refused for revoked patches only.
   */
  default boolean isStale() {
    return false;
  }

  /** Nothing is known: every patch is unlisted. */
  static Revocations none() {
    Standing unlisted = new Standing(State.UNLISTED, "");
    return patch -> unlisted;
  }
}
