package io.patchkit.release;

import java.util.regex.Pattern;

/**
 * Who changes a store and why; it goes into the generation and the audit log.
 *
 * @param actor a person or a program, 1 to 200 characters, such as {@code ann@example.org}
 * @param reason free text of at most 1000 characters, may be empty; like the actor without halves
 *     of surrogate pairs, which no file can hold
 */
public record Change(String actor, String reason) {

  private static final int MAX_ACTOR = 200;
  private static final int MAX_REASON = 1000;
  private static final Pattern HALF = Pattern.compile("\\p{Cs}");

  public Change {
    if (actor.isBlank() || actor.length() > MAX_ACTOR) {
      throw new IllegalArgumentException(
          "actor is '" + actor + "'; allowed: 1 to " + MAX_ACTOR + " characters");
    }
    if (reason.length() > MAX_REASON) {
      throw new IllegalArgumentException(
          "reason has " + reason.length() + " characters; allowed: at most " + MAX_REASON);
    }
    if (HALF.matcher(actor).find() || HALF.matcher(reason).find()) {
      throw new IllegalArgumentException(
          "actor or reason holds half of a surrogate pair; allowed: whole characters");
    }
  }

  /** A change without a stated reason. */
  public static Change by(String actor) {
    return new Change(actor, "");
  }

  /** Any text as a reason: its beginning, with question marks for halves of surrogate pairs. */
  static String reasonOf(String text) {
    int end = Math.min(text.length(), MAX_REASON);
    if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    return HALF.matcher(text.substring(0, end)).replaceAll("?");
  }

  public Change withReason(String reason) {
    return new Change(actor, reason);
  }
}
