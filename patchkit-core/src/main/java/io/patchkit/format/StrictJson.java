package io.patchkit.format;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * JSON text, strictly: the syntax is that of RFC 8259 and nothing more, every document has one
 * meaning, and its size is bounded before it is read. The rules are in the {@linkplain
 * io.patchkit.format package description}.
 *
 * <p>Thread-safe: there is no state.
 */
public final class StrictJson {

  private StrictJson() {}

  /**
   * Reads one JSON value.
   *
   * @throws FormatException if the bytes are not strict JSON, or exceed the limits
   */
  public static JsonValue parse(byte[] utf8, JsonLimits limits) {
    return JsonParsing.parse(utf8, limits);
  }

  /**
   * Reads one JSON object.
   *
   * @throws FormatException if the bytes are not one strict JSON object, or exceed the limits
   */
  public static JsonObject parseObject(byte[] utf8, JsonLimits limits) {
    return JsonReading.object(parse(utf8, limits), "$");
  }

  /**
   * Reads the JSON object that a file holds. No more than the limit is read.
   *
   * @throws FormatException as {@link #parseObject}; its message names the file
   * @throws IOException if the file cannot be read
   */
  public static JsonObject loadObject(Path file, JsonLimits limits) throws IOException {
    try {
      return parseObject(BoundedFiles.read(file, limits.maxBytes()), limits);
    } catch (FormatException e) {
      throw e.in(String.valueOf(file.getFileName()));
    }
  }

  /**
   * Writes UTF-8 text: fields in their order, two spaces per level, line feeds, a line feed at the
   * end. Equal values in equal order give equal bytes.
   */
  public static byte[] write(JsonValue value) {
    return JsonWriter.indented(value).getBytes(StandardCharsets.UTF_8);
  }
}
