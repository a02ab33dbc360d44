package io.patchkit.release.channel;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonBoolean;
import io.patchkit.format.JsonInteger;
import io.patchkit.format.JsonNull;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonString;
import io.patchkit.format.JsonValue;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * OLPC canonical JSON, over which TUF signs: keys in order of their code points, no white space,
 * only the quotation mark and the backslash escaped, integers alone for numbers.
 */
final class CanonicalJson {

  private static final Comparator<String> BY_CODE_POINT =
      (a, b) ->
          Arrays.compareUnsigned(
              a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

  private final StringBuilder out = new StringBuilder();

  private CanonicalJson() {}

  static byte[] write(JsonValue value) {
    CanonicalJson writer = new CanonicalJson();
    writer.append(value);
    return writer.out.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** SHA-256 in lower-case hexadecimal. */
  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private void append(JsonValue value) {
    if (value instanceof JsonObject object) {
      appendObject(object);
    } else if (value instanceof JsonArray array) {
      out.append('[');
      for (int i = 0; i < array.size(); i++) {
        separate(i);
        append(array.get(i));
      }
      out.append(']');
    } else if (value instanceof JsonString string) {
      appendString(string.value());
    } else if (value instanceof JsonInteger integer) {
      out.append(integer.value());
    } else if (value instanceof JsonBoolean bool) {
      out.append(bool.value());
    } else if (value == JsonNull.NULL) {
      out.append("null");
    } else {
      throw new ChannelException(
          ChannelException.Code.MALFORMED,
          "expected integers for numbers, which have one spelling, found " + value);
    }
  }

  private void appendObject(JsonObject object) {
    List<String> names = new ArrayList<>(object.names());
    names.sort(BY_CODE_POINT);
    out.append('{');
    for (int i = 0; i < names.size(); i++) {
      separate(i);
      appendString(names.get(i));
      out.append(':');
      JsonValue value = object.get(names.get(i));
      append(value == null ? JsonNull.NULL : value);
    }
    out.append('}');
  }

  private void separate(int index) {
    if (index > 0) {
      out.append(',');
    }
  }

  private void appendString(String text) {
    out.append('"').append(text.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
  }
}
