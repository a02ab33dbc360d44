package io.patchkit.trust;

import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A key of a keyring: which patches it may sign, as what, and from when to when. Immutable.
 *
 * <p>Signatures carry no proven time, so the validity is held against the time of verification:
 * what an expired key signed has to be signed again by its successor.
 *
 * @param key the key
 * @param names patterns of patch names, of which one must match: {@code *} stands for any
 *     characters, everything else for itself
 * @param roles what its signatures vouch for
 * @param notBefore the first instant at which it counts
 * @param notAfter the last instant at which it counts
 */
public record TrustedKey(
    VerificationKey key, List<String> names, Set<Role> roles, Instant notBefore, Instant notAfter) {

  private static final Pattern GLOB = Pattern.compile("[a-z0-9*]([a-z0-9*._-]*[a-z0-9*])?");

  public TrustedKey {
    names = List.copyOf(names);
    for (String name : names) {
      if (!GLOB.matcher(name).matches() || name.length() > 64) {
        throw new IllegalArgumentException(
            "names has '"
                + name
                + "'; allowed: a patch name of at most 64 characters in which * stands for any"
                + " characters");
      }
    }
    roles = Set.copyOf(roles);
    if (notAfter.isBefore(notBefore)) {
      throw new IllegalArgumentException(
          "notAfter is " + notAfter + "; allowed: notBefore, " + notBefore + ", or later");
    }
  }

  /** The key for patches of any name, in every role, at any time. */
  public static TrustedKey of(VerificationKey key) {
    return new TrustedKey(key, List.of("*"), EnumSet.allOf(Role.class), Instant.MIN, Instant.MAX);
  }

  /** The key for patches whose name matches one of the patterns: {@code refuse-*}. */
  public TrustedKey withNames(String... names) {
    return new TrustedKey(key, List.of(names), roles, notBefore, notAfter);
  }

  /** The key in these roles. */
  public TrustedKey withRoles(Role... roles) {
    return new TrustedKey(key, names, Set.of(roles), notBefore, notAfter);
  }

  /** The key from one instant to another, both included. */
  public TrustedKey withValidity(Instant notBefore, Instant notAfter) {
    return new TrustedKey(key, names, roles, notBefore, notAfter);
  }

  /** Whether the key may sign patches of this name. */
  boolean isFor(String name) {
    for (String glob : names) {
      if (matches(glob, name)) {
        return true;
      }
    }
    return false;
  }

  /** Greedy matching with one point to go back to: linear for each star, whatever the pattern. */
  private static boolean matches(String glob, String name) {
    int g = 0;
    int n = 0;
    int star = -1;
    int tried = 0;
    while (n < name.length()) {
      if (g < glob.length() && glob.charAt(g) == '*') {
        star = g++;
        tried = n;
      } else if (g < glob.length() && glob.charAt(g) == name.charAt(n)) {
        g++;
        n++;
      } else if (star >= 0) {
        g = star + 1;
        n = ++tried;
      } else {
        return false;
      }
    }
    while (g < glob.length() && glob.charAt(g) == '*') {
      g++;
    }
    return g == glob.length();
  }
}
