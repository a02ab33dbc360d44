package io.patchkit.onnx.text;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the ids of a tokenizer stand for: the text of each token, of the vocabulary and added.
 * Needed while a tokenizer is read, and not kept.
 */
final class TokenTexts {

  private final SortedMap<Integer, String> vocabulary = new TreeMap<>();
  private final SortedMap<Integer, String> added = new TreeMap<>();

  void put(int id, String text) {
    vocabulary.put(id, text);
  }

  /** An added token, which stands before one of the vocabulary with the same id. */
  void putAdded(int id, String text) {
    added.put(id, text);
  }

  /**
   * SHA-256 over {@code "<id> <bytes of the text> <text>\n"} for each id, ascending; lower-case
   * hexadecimal. The same for each file that gives the ids the same meaning.
   */
  String fingerprint() {
    MessageDigest digest = sha256();
    vocabulary.putAll(added);
    for (Map.Entry<Integer, String> token : vocabulary.entrySet()) {
      byte[] text = token.getValue().getBytes(StandardCharsets.UTF_8);
      String header = token.getKey() + " " + text.length + " ";
      digest.update(header.getBytes(StandardCharsets.UTF_8));
      digest.update(text);
      digest.update((byte) '\n');
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
