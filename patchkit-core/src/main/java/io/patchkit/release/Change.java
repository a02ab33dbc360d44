package io.patchkit.release;

/**
 * Who changes a store and why; it goes into the generation and the audit log.
 *
 * @param actor a person or a program, 1 to 200 characters, such as {@code ann@example.org}
 * @param reason free text of at most 1000 characters, may be empty
 */
public record Change(String actor, String reason) {

  private static final int MAX_ACTOR = 200;
  private static final int MAX_REASON = 1000;

  public Change {
    if (actor.isBlank() || actor.length() > MAX_ACTOR) {
      throw new IllegalArgumentException(
          "actor is '" + actor + "'; allowed: 1 to " + MAX_ACTOR + " characters");
    }
    if (reason.length() > MAX_REASON) {
      throw new IllegalArgumentException(
          "reason has " + reason.length() + " characters; allowed: at most " + MAX_REASON);
    }
  }

  /** A change without a stated reason. */
  public static Change by(String actor) {
    return new Change(actor, "");
  }

  public Change withReason(String reason) {
    return new Change(actor, reason);
  }
}
