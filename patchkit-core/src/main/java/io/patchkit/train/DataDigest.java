package io.patchkit.train;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * SHA-256 over numbers and texts: integers and doubles big-endian, arrays and texts preceded by
 * their lengths, so that no two sequences of values have the same bytes. Not thread-safe.
 */
final class DataDigest {

  private final MessageDigest sha256;

  DataDigest() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /** SHA-256 of a text's UTF-8 bytes and nothing else, as other tools compute it. */
  static String sha256(String text) {
    DataDigest digest = new DataDigest();
    digest.sha256.update(text.getBytes(StandardCharsets.UTF_8));
    return digest.hex();
  }

  DataDigest add(int value) {
    sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(value).flip());
    return this;
  }

  DataDigest add(long value) {
    sha256.update(ByteBuffer.allocate(Long.BYTES).putLong(value).flip());
    return this;
  }

  DataDigest add(double value) {
    sha256.update(ByteBuffer.allocate(Double.BYTES).putDouble(value).flip());
    return this;
  }

  DataDigest add(int[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (values.length + 1));
    bytes.putInt(values.length);
    for (int value : values) {
      bytes.putInt(value);
    }
    sha256.update(bytes.flip());
    return this;
  }

  DataDigest add(double[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES + Double.BYTES * values.length);
    bytes.putInt(values.length);
    for (double value : values) {
      bytes.putDouble(value);
    }
    sha256.update(bytes.flip());
    return this;
  }

  DataDigest add(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES + Float.BYTES * values.length);
    bytes.putInt(values.length);
    for (float value : values) {
      bytes.putFloat(value);
    }
    sha256.update(bytes.flip());
    return this;
  }

  DataDigest add(String text) {
    return add(text.getBytes(StandardCharsets.UTF_8));
  }

  DataDigest add(byte[] bytes) {
    add(bytes.length);
    sha256.update(bytes);
    return this;
  }

  /** The digest of all that was added, lower-case hexadecimal; begins anew. */
  String hex() {
    return HexFormat.of().formatHex(sha256.digest());
  }

  /** The first eight bytes of the digest, for seeds and keys; begins anew. */
  long leadingLong() {
    return ByteBuffer.wrap(sha256.digest()).getLong();
  }
}
