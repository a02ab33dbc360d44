package io.patchkit.release;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A SHA-256: the name of what has it. A patch is identified by the digest of the bytes of its
 * {@code patch.json}, which in turn lists the digests of all other files.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record Digest(String hex) implements Comparable<Digest> {

  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");
  private static final String PREFIX = "sha256:";

  public Digest {
    if (!HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException(
          "digest is "
              + OciManifest.quote(hex)
              + "; allowed: 64 lower-case hexadecimal digits (SHA-256)");
    }
  }

  /** The digest of these bytes. */
  public static Digest of(byte[] bytes) {
    return new Digest(HexFormat.of().formatHex(sha256().digest(bytes)));
  }

  /**
   * Reads {@code sha256:} and 64 digits, as OCI writes digests, or the digits alone.
   *
   * @throws IllegalArgumentException if the text is anything else
   */
  public static Digest parse(String text) {
    return new Digest(text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text);
  }

  static Digest of(MessageDigest finished) {
    return new Digest(HexFormat.of().formatHex(finished.digest()));
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** {@code sha256:} and the digits. */
  String oci() {
    return PREFIX + hex;
  }

  /** The first twelve digits, for people. */
  public String abbreviated() {
    return hex.substring(0, 12);
  }

  @Override
  public int compareTo(Digest that) {
    return hex.compareTo(that.hex);
  }

  /** The 64 digits. */
  @Override
  public String toString() {
    return hex;
  }
}
