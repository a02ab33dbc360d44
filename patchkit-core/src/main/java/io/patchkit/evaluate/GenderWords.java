package io.patchkit.evaluate;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Words that say a gender.
 *
 * @param male lower-case words, at least one
 * @param female lower-case words, at least one
 */
public record GenderWords(Set<String> male, Set<String> female) {

  private static final GenderWords ENGLISH =
      new GenderWords(
          Set.of(
              "he",
              "him",
              "his",
              "himself",
              "man",
              "men",
              "male",
              "males",
              "boy",
              "boys",
              "father",
              "son",
              "brother",
              "husband",
              "mr",
              "gentleman",
              "gentlemen"),
          Set.of(
              "she",
              "her",
              "hers",
              "herself",
              "woman",
              "women",
              "female",
              "females",
              "girl",
              "girls",
              "mother",
              "daughter",
              "sister",
              "wife",
              "mrs",
              "ms",
              "lady",
              "ladies"));

  public GenderWords {
    male = ordered(male);
    female = ordered(female);
    if (male.isEmpty() || female.isEmpty()) {
      throw new IllegalArgumentException(
          "male or female is empty; allowed: at least one word each");
    }
  }

  private static Set<String> ordered(Set<String> words) {
    return Collections.unmodifiableSet(new TreeSet<>(words));
  }

  /** Common English words. */
  public static GenderWords english() {
    return ENGLISH;
  }

  /** Whether a text holds any of the words. */
  public boolean isIn(String text) {
    for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}]+", -1)) {
      if (male.contains(word) || female.contains(word)) {
        return true;
      }
    }
    return false;
  }

  /** Digest of both lists. */
  String digest() {
    return Digest.hex(List.of(male.toString(), female.toString()));
  }
}
