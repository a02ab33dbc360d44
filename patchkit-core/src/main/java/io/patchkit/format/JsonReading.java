package io.patchkit.format;

import static io.patchkit.format.FormatException.Reason.OUT_OF_RANGE;
import static io.patchkit.format.FormatException.Reason.WRONG_TYPE;

import java.math.BigInteger;

/** From a JSON value of any kind at some path to the kind that its format expects there. */
final class JsonReading {

  private JsonReading() {}

  static String string(JsonValue value, String path) {
    if (value instanceof JsonString string) {
      return string.value();
    }
    throw wrongType(value, path, "a string");
  }

  static long integer(JsonValue value, String path, long min, long max) {
    if (!(value instanceof JsonInteger integer)) {
      throw wrongType(value, path, "an integer");
    }
    BigInteger exact = integer.value();
    if (exact.compareTo(BigInteger.valueOf(min)) < 0
        || exact.compareTo(BigInteger.valueOf(max)) > 0) {
      throw new FormatException(
          OUT_OF_RANGE,
          path,
          "expected an integer from " + min + " to " + max + ", found " + describe(value));
    }
    return exact.longValueExact();
  }

  static double number(JsonValue value, String path, double min, double max) {
    double number;
    if (value instanceof JsonDecimal decimal) {
      number = decimal.value();
    } else if (value instanceof JsonInteger integer) {
      number = integer.value().doubleValue();
    } else {
      throw wrongType(value, path, "a number");
    }
    if (!(number >= min && number <= max)) {
      throw new FormatException(
          OUT_OF_RANGE,
          path,
          "expected a number from " + min + " to " + max + ", found " + describe(value));
    }
    return number;
  }

  static boolean bool(JsonValue value, String path) {
    if (value instanceof JsonBoolean bool) {
      return bool.value();
    }
    throw wrongType(value, path, "true or false");
  }

  static JsonObject object(JsonValue value, String path) {
    if (value instanceof JsonObject object) {
      return object.at(path);
    }
    throw wrongType(value, path, "an object");
  }

  static JsonArray array(JsonValue value, String path) {
    if (value instanceof JsonArray array) {
      return array.at(path);
    }
    throw wrongType(value, path, "an array");
  }

  /** The same value, knowing its path where it has one to know. */
  static JsonValue locate(JsonValue value, String path) {
    if (value instanceof JsonObject object) {
      return object.at(path);
    }
    return value instanceof JsonArray array ? array.at(path) : value;
  }

  private static FormatException wrongType(JsonValue value, String path, String expected) {
    return new FormatException(
        WRONG_TYPE, path, "expected " + expected + ", found " + describe(value));
  }

  private static String describe(JsonValue value) {
    return JsonText.describe(value);
  }
}
