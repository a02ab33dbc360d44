package io.patchkit.release;

import io.patchkit.SemanticVersion;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A set of versions: comparisons that all have to hold, after npm's ranges. {@code 1.2.3} is that
 * version, {@code ^1.2.3} everything up to the next major (below 1.0.0: minor, below 0.1.0: patch)
 * version, {@code ~1.2.3} everything up to the next minor version, {@code *} everything; {@code >},
 * {@code >=}, {@code <} and {@code <=} stand before a version, and several comparisons are
 * separated by spaces.
 *
 * <p>A pre-release is within a range only if one of its comparisons names a pre-release of the same
 * major, minor and patch version.
 */
public final class VersionRange {

  private static final Pattern COMPARISON = Pattern.compile("(\\^|~|>=|>|<=|<|=|)(.+)");
  private static final int MAX_COMPARISONS = 8;

  private enum Relation {
    LESS,
    AT_MOST,
    EQUAL,
    AT_LEAST,
    GREATER
  }

  /**
   * @param written whether the bound stands in the range's text, and does not follow from it
   */
  private record Comparison(Relation relation, SemanticVersion bound, boolean written) {
    boolean holds(SemanticVersion version) {
      int order = version.compareTo(bound);
      return switch (relation) {
        case LESS -> order < 0;
        case AT_MOST -> order <= 0;
        case EQUAL -> order == 0;
        case AT_LEAST -> order >= 0;
        case GREATER -> order > 0;
      };
    }
  }

  private final String text;
  private final List<Comparison> comparisons;

  private VersionRange(String text, List<Comparison> comparisons) {
    this.text = text;
    this.comparisons = comparisons;
  }

  /** Every release, and no pre-release. */
  public static VersionRange any() {
    return new VersionRange("*", List.of());
  }

  /** This version alone. */
  public static VersionRange of(SemanticVersion version) {
    return parse(version.toString());
  }

  /**
   * Reads a range.
   *
   * @throws IllegalArgumentException if the text is none
   */
  public static VersionRange parse(String text) {
    String trimmed = text.strip();
    if (trimmed.equals("*")) {
      return any();
    }
    String[] parts = trimmed.split(" +", -1);
    if (parts.length > MAX_COMPARISONS) {
      throw refused(text, null);
    }
    List<Comparison> comparisons = new ArrayList<>();
    for (String part : parts) {
      Matcher matcher = COMPARISON.matcher(part);
      if (!matcher.matches()) {
        throw refused(text, null);
      }
      try {
        add(comparisons, matcher.group(1), SemanticVersion.parse(matcher.group(2)));
      } catch (IllegalArgumentException e) {
        throw refused(text, e);
      }
    }
    return new VersionRange(trimmed, List.copyOf(comparisons));
  }

  private static void add(List<Comparison> comparisons, String operator, SemanticVersion version) {
    Relation relation =
        switch (operator) {
          case "<" -> Relation.LESS;
          case "<=" -> Relation.AT_MOST;
          case ">" -> Relation.GREATER;
          case "=", "" -> Relation.EQUAL;
          default -> Relation.AT_LEAST;
        };
    comparisons.add(new Comparison(relation, version, true));
    if (operator.equals("^") || operator.equals("~")) {
      SemanticVersion end = operator.equals("^") ? nextBreaking(version) : nextMinor(version);
      // Its pre-releases come before it but belong to it.
      comparisons.add(
          new Comparison(
              Relation.LESS,
              new SemanticVersion(end.major(), end.minor(), end.patch(), "0"),
              false));
    }
  }

  private static SemanticVersion nextBreaking(SemanticVersion version) {
    if (version.major() > 0) {
      return new SemanticVersion(version.major() + 1, 0, 0, "");
    }
    return version.minor() > 0
        ? nextMinor(version)
        : new SemanticVersion(0, 0, version.patch() + 1, "");
  }

  private static SemanticVersion nextMinor(SemanticVersion version) {
    return new SemanticVersion(version.major(), version.minor() + 1, 0, "");
  }

  /** Whether the version is within the range. */
  public boolean contains(SemanticVersion version) {
    boolean mayBePreRelease = version.preRelease().isEmpty();
    for (Comparison comparison : comparisons) {
      if (!comparison.holds(version)) {
        return false;
      }
      SemanticVersion bound = comparison.bound();
      mayBePreRelease |=
          comparison.written()
              && !bound.preRelease().isEmpty()
              && bound.major() == version.major()
              && bound.minor() == version.minor()
              && bound.patch() == version.patch();
    }
    return mayBePreRelease;
  }

  /** The highest of these versions that is within the range, null if none is. */
  public @Nullable SemanticVersion highest(Collection<SemanticVersion> versions) {
    SemanticVersion highest = null;
    for (SemanticVersion version : versions) {
      if (contains(version) && (highest == null || version.compareTo(highest) > 0)) {
        highest = version;
      }
    }
    return highest;
  }

  private static IllegalArgumentException refused(String text, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "range is '"
            + text
            + "'; allowed: *, or up to "
            + MAX_COMPARISONS
            + " whole versions separated by spaces, each after ^, ~, =, <, <=, >, >= or nothing,"
            + " for example ^1.2.0",
        cause);
  }

  @Override
  public String toString() {
    return text;
  }
}
