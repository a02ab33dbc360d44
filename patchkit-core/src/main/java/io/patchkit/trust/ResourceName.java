package io.patchkit.trust;

import io.patchkit.trust.UntrustedPatchException.Code;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Names of signed files: relative paths with {@code /} between their parts, which mean the same
 * file on every system.
 */
final class ResourceName {

  /**
   * Part by part, each by code point, as {@code model-signing} orders paths: {@code a/z} comes
   * before {@code a-b}. Java's own order of strings differs beyond U+FFFF.
   */
  static final Comparator<String> ORDER =
      (a, b) -> Arrays.compareUnsigned(withLowestSeparator(a), withLowestSeparator(b));

  private static final int MAX_CHARACTERS = 1024;

  /** What Windows forbids in names, and what no name should hold. */
  private static final Pattern FORBIDDEN = Pattern.compile("[\\\\:*?\"<>|\\p{Cntrl}\\p{Cf}]");

  private static final Pattern DEVICE =
      Pattern.compile("(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9]|CONIN\\$|CONOUT\\$)(\\..*)?");

  private ResourceName() {}

  /** Refuses names that some system reads as another place, and names that collide on some. */
  static void requireSafe(Collection<String> names) {
    Map<String, String> folded = new HashMap<>();
    for (String name : names) {
      requireSafe(name);
      String other = folded.put(fold(name), name);
      if (other != null && !other.equals(name)) {
        throw new UntrustedPatchException(
            Code.UNSAFE_NAME,
            "the names '" + other + "' and '" + name + "' are one file on some systems");
      }
    }
  }

  private static void requireSafe(String name) {
    boolean safe =
        name.length() <= MAX_CHARACTERS
            && !FORBIDDEN.matcher(name).find()
            && Normalizer.isNormalized(name, Normalizer.Form.NFC);
    for (String part : name.split("/", -1)) {
      safe &=
          !part.isEmpty()
              && !part.equals(".")
              && !part.equals("..")
              && !part.endsWith(".")
              && !part.endsWith(" ")
              && !DEVICE.matcher(part.toUpperCase(Locale.ROOT)).matches();
    }
    if (!safe) {
      throw new UntrustedPatchException(
          Code.UNSAFE_NAME,
          "expected a relative path that is one on every system, found " + quote(name));
    }
  }

  private static byte[] withLowestSeparator(String name) {
    return name.replace('/', '\0').getBytes(StandardCharsets.UTF_8);
  }

  private static String fold(String name) {
    String upper = Normalizer.normalize(name, Normalizer.Form.NFKC).toUpperCase(Locale.ROOT);
    return Normalizer.normalize(upper.toLowerCase(Locale.ROOT), Normalizer.Form.NFKC);
  }

  /** A name from anywhere, so that it can be shown and logged. */
  static String quote(String name) {
    StringBuilder quoted = new StringBuilder("'");
    int end = Math.min(name.length(), 80);
    for (int i = 0; i < end; i++) {
      char c = name.charAt(i);
      if (c >= ' ' && c < 0x7f) {
        quoted.append(c);
      } else {
        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      }
    }
    return quoted.append(end < name.length() ? "…'" : "'").toString();
  }
}
