package io.patchkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What all prefixes have in common: the digest of their numbers and the demand that they be finite.
 */
final class PrefixDigest {

  private PrefixDigest() {}

  /** SHA-256 of the header, a zero byte, and the numbers as little-endian floats. */
  static String of(String header, float[] numbers) {
    MessageDigest sha256 = sha256();
    sha256.update(header.getBytes(StandardCharsets.UTF_8));
    sha256.update((byte) 0);
    ByteBuffer bytes = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);
    for (float number : numbers) {
      if (!bytes.hasRemaining()) {
        sha256.update(bytes.flip());
        bytes.clear();
      }
      bytes.putFloat(number);
    }
    sha256.update(bytes.flip());
    return HexFormat.of().formatHex(sha256.digest());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  static void requireFinite(String field, float[] numbers) {
    for (int i = 0; i < numbers.length; i++) {
      if (!Float.isFinite(numbers[i])) {
        throw new IllegalArgumentException(
            field + "[" + i + "] is " + numbers[i] + "; allowed: finite numbers");
      }
    }
  }
}
