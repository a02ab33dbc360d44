package io.patchkit;

import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version after Semantic Versioning 2.0.0, without build metadata: two releases that differed in
 * it alone would be equal in precedence, so a patch may not carry it.
 *
 * @param major incompatible changes, ≥ 0
 * @param minor additions, ≥ 0
 * @param patch repairs, ≥ 0
 * @param preRelease dot-separated identifiers, empty for a release
 */
public record SemanticVersion(int major, int minor, int patch, String preRelease)
    implements Comparable<SemanticVersion> {

  private static final Pattern GRAMMAR =
      Pattern.compile(
          "(0|[1-9]\\d{0,8})\\.(0|[1-9]\\d{0,8})\\.(0|[1-9]\\d{0,8})"
              + "(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)"
              + "(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?");

  public SemanticVersion {
    String text = text(major, minor, patch, preRelease);
    if (text.length() > 64 || !GRAMMAR.matcher(text).matches()) {
      throw refused(text);
    }
  }

  /**
   * Reads {@code major.minor.patch} with an optional {@code -preRelease}.
   *
   * @throws IllegalArgumentException if the text is anything else, or longer than 64 characters
   */
  public static SemanticVersion parse(String text) {
    Matcher matcher = GRAMMAR.matcher(text);
    if (text.length() > 64 || !matcher.matches()) {
      throw refused(text);
    }
    return new SemanticVersion(
        Integer.parseInt(matcher.group(1)),
        Integer.parseInt(matcher.group(2)),
        Integer.parseInt(matcher.group(3)),
        matcher.group(4) == null ? "" : matcher.group(4));
  }

  /** Precedence, section 11 of the specification. */
  @Override
  public int compareTo(SemanticVersion that) {
    int order = Integer.compare(major, that.major);
    if (order == 0) {
      order = Integer.compare(minor, that.minor);
    }
    if (order == 0) {
      order = Integer.compare(patch, that.patch);
    }
    return order != 0 ? order : comparePreRelease(preRelease, that.preRelease);
  }

  private static int comparePreRelease(String a, String b) {
    if (a.isEmpty() || b.isEmpty()) {
      return Boolean.compare(a.isEmpty(), b.isEmpty());
    }
    String[] left = a.split("\\.", -1);
    String[] right = b.split("\\.", -1);
    for (int i = 0; i < Math.min(left.length, right.length); i++) {
      int order = compareIdentifier(left[i], right[i]);
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(left.length, right.length);
  }

  private static int compareIdentifier(String a, String b) {
    boolean aIsNumber = a.chars().allMatch(Character::isDigit);
    boolean bIsNumber = b.chars().allMatch(Character::isDigit);
    if (aIsNumber && bIsNumber) {
      return new BigInteger(a).compareTo(new BigInteger(b));
    }
    return aIsNumber == bIsNumber ? a.compareTo(b) : Boolean.compare(bIsNumber, aIsNumber);
  }

  private static IllegalArgumentException refused(String text) {
    return new IllegalArgumentException(
        "version is '"
            + text
            + "'; allowed: major.minor.patch with an optional -preRelease of at most 64"
            + " characters and without build metadata (semver.org), for example 1.2.0");
  }

  private static String text(int major, int minor, int patch, String preRelease) {
    return major + "." + minor + "." + patch + (preRelease.isEmpty() ? "" : "-" + preRelease);
  }

  @Override
  public String toString() {
    return text(major, minor, patch, preRelease);
  }
}
