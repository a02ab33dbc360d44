package io.patchkit.evaluate;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** SHA-256 over texts, each preceded by its length. */
final class Digest {

  private Digest() {}

  /** Lower-case hexadecimal. */
  static String hex(Iterable<String> texts) {
    return HexFormat.of().formatHex(bytes(texts));
  }

  /** A seed that depends on every part. */
  static long seed(long seed, String... parts) {
    List<String> texts = new ArrayList<>();
    texts.add(Long.toString(seed));
    texts.addAll(List.of(parts));
    return ByteBuffer.wrap(bytes(texts)).getLong();
  }

  private static byte[] bytes(Iterable<String> texts) {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
    for (String text : texts) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
      sha256.update(bytes);
    }
    return sha256.digest();
  }
}
