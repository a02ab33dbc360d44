package io.patchkit.trust;

import io.patchkit.format.FormatException;
import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import io.patchkit.trust.UntrustedPatchException.Code;
import java.util.function.Function;

/** JSON from anywhere: whatever is wrong with it becomes one refusal. */
final class ForeignJson {

  private ForeignJson() {}

  /**
   * Reads a document.
   *
   * @param what the document's name in messages
   * @param malformed the code for everything that the reader itself does not refuse
   */
  static <T> T read(
      byte[] utf8, JsonLimits limits, String what, Code malformed, Function<JsonObject, T> reader) {
    try {
      return reader.apply(StrictJson.parseObject(utf8, limits));
    } catch (FormatException e) {
      throw new UntrustedPatchException(malformed, what + ": " + e.getMessage(), e);
    }
  }

  /** The only element of an array of objects. */
  static JsonObject only(JsonArray array, Code code) {
    if (array.size() != 1) {
      throw new UntrustedPatchException(
          code, array.path() + ": expected one element, found " + array.size());
    }
    return array.object(0);
  }

  /** Refuses a field whose text is not the one that the format fixes. */
  static void requireText(JsonObject object, String field, String expected, Code code) {
    String found = object.string(field);
    if (!found.equals(expected)) {
      throw new UntrustedPatchException(
          code, String.valueOf(object.notAllowed(field, '"' + expected + '"').getMessage()));
    }
  }
}
