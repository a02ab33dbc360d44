package io.patchkit.format;

import static io.patchkit.format.FormatException.Reason.MISSING_FIELD;
import static io.patchkit.format.FormatException.Reason.UNKNOWN_FIELD;
import static io.patchkit.format.FormatException.Reason.VALUE_NOT_ALLOWED;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object, and the reader of its fields.
 *
 * <p>The reading methods name the JSON type they expect and throw a {@link FormatException} that
 * says the field's path, what was found and what is allowed. An {@code optional} method gives null
 * where the field is absent or {@code null}; the others refuse both. A format that has a closed set
 * of fields says so with {@link #rejectUnknown}.
 *
 * <p>Immutable and thread-safe. Fields keep their order, which {@link #equals} ignores. An object
 * knows its {@linkplain #path() path} in the document it was reached through; that is no part of
 * its value.
 */
public final class JsonObject implements JsonValue {

  private final Map<String, JsonValue> fields;
  private final String path;

  private JsonObject(Map<String, JsonValue> fields, String path) {
    this.fields = fields;
    this.path = path;
  }

  /** The object of these fields, in the map's order. The map is adopted. */
  static JsonObject adopt(Map<String, JsonValue> fields) {
    return new JsonObject(Collections.unmodifiableMap(fields), "$");
  }

  /** A builder without fields. */
  public static Builder builder() {
    return new Builder();
  }

  /** Where this object lies in its document: {@code $} is the document itself. */
  public String path() {
    return path;
  }

  /** Where the field {@code name} lies in the document, for messages: {@code $.base.hidden}. */
  public String path(String name) {
    return JsonText.member(path, name);
  }

  /** The names of the fields, in order. */
  public List<String> names() {
    return List.copyOf(fields.keySet());
  }

  /** Whether the field is there and not {@code null}. */
  public boolean has(String name) {
    return optional(name) != null;
  }

  /** The value of the field, or null where the field is absent. */
  public @Nullable JsonValue get(String name) {
    JsonValue value = fields.get(name);
    return value == null ? null : JsonReading.locate(value, path(name));
  }

  /** A string. */
  public String string(String name) {
    return JsonReading.string(required(name), path(name));
  }

  /** One of the strings {@code allowed}. */
  public String string(String name, Collection<String> allowed) {
    String value = string(name);
    if (!allowed.contains(value)) {
      throw notAllowed(name, "one of " + allowed);
    }
    return value;
  }

  /** A string, or null where the field is absent or {@code null}. */
  public @Nullable String optionalString(String name) {
    JsonValue value = optional(name);
    return value == null ? null : JsonReading.string(value, path(name));
  }

  /** An integer of at least {@code min} and at most {@code max}; {@code 1.0} is none. */
  public long integer(String name, long min, long max) {
    return JsonReading.integer(required(name), path(name), min, max);
  }

  /** An integer of at least {@code min} and at most {@code max}; {@code 1.0} is none. */
  public int integer(String name, int min, int max) {
    return (int) integer(name, (long) min, (long) max);
  }

  /** An integer of the range, or null where the field is absent or {@code null}. */
  public @Nullable Long optionalInteger(String name, long min, long max) {
    JsonValue value = optional(name);
    return value == null ? null : JsonReading.integer(value, path(name), min, max);
  }

  /** An integer of the range, or null where the field is absent or {@code null}. */
  public @Nullable Integer optionalInteger(String name, int min, int max) {
    Long value = optionalInteger(name, (long) min, (long) max);
    return value == null ? null : value.intValue();
  }

  /** A decimal or an integer of at least {@code min} and at most {@code max}. */
  public double number(String name, double min, double max) {
    return JsonReading.number(required(name), path(name), min, max);
  }

  /** A number of the range, or null where the field is absent or {@code null}. */
  public @Nullable Double optionalNumber(String name, double min, double max) {
    JsonValue value = optional(name);
    return value == null ? null : JsonReading.number(value, path(name), min, max);
  }

  /** {@code true} or {@code false}. */
  public boolean bool(String name) {
    return JsonReading.bool(required(name), path(name));
  }

  /** {@code true} or {@code false}, or null where the field is absent or {@code null}. */
  public @Nullable Boolean optionalBool(String name) {
    JsonValue value = optional(name);
    return value == null ? null : JsonReading.bool(value, path(name));
  }

  /** An object. */
  public JsonObject object(String name) {
    return JsonReading.object(required(name), path(name));
  }

  /** An object, or null where the field is absent or {@code null}. */
  public @Nullable JsonObject optionalObject(String name) {
    JsonValue value = optional(name);
    return value == null ? null : JsonReading.object(value, path(name));
  }

  /** An array. */
  public JsonArray array(String name) {
    return JsonReading.array(required(name), path(name));
  }

  /** An array, or null where the field is absent or {@code null}. */
  public @Nullable JsonArray optionalArray(String name) {
    JsonValue value = optional(name);
    return value == null ? null : JsonReading.array(value, path(name));
  }

  /**
   * Returns this object, having made sure that it has no field but the allowed ones.
   *
   * @throws FormatException {@code UNKNOWN_FIELD} for the first other field
   */
  public JsonObject rejectUnknown(String... allowed) {
    List<String> names = Arrays.asList(allowed);
    for (String name : fields.keySet()) {
      if (!names.contains(name)) {
        throw new FormatException(
            UNKNOWN_FIELD, path(name), "unknown field; the fields of " + path + " are " + names);
      }
    }
    return this;
  }

  /**
   * The refusal of a field whose value has the right JSON type and yet is not allowed; for the
   * caller, who knows the format, to throw.
   *
   * @param expected completes "expected …", such as "a semantic version like 1.2.0"
   */
  public FormatException notAllowed(String name, String expected) {
    return new FormatException(
        VALUE_NOT_ALLOWED,
        path(name),
        "expected " + expected + ", found " + JsonText.describe(fields.get(name)));
  }

  private JsonValue required(String name) {
    JsonValue value = fields.get(name);
    if (value == null) {
      throw new FormatException(MISSING_FIELD, path(name), "required field is missing");
    }
    return value;
  }

  private @Nullable JsonValue optional(String name) {
    JsonValue value = fields.get(name);
    return value == JsonNull.NULL ? null : value;
  }

  /** The fields, for writing. */
  Map<String, JsonValue> fields() {
    return fields;
  }

  JsonObject at(String path) {
    return new JsonObject(fields, path);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof JsonObject that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  /** The object as JSON text on one line. */
  @Override
  public String toString() {
    return JsonWriter.compact(this);
  }

  /** Collects the fields of an object, in order. Not thread-safe. */
  public static final class Builder {

    private final Map<String, JsonValue> fields = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Adds a field.
     *
     * @throws IllegalArgumentException if there is one of that name
     */
    public Builder put(String name, JsonValue value) {
      JsonText.requireWellFormed(name);
      if (fields.putIfAbsent(name, value) != null) {
        throw new IllegalArgumentException("the field " + JsonText.quote(name) + " is there twice");
      }
      return this;
    }

    public Builder put(String name, String value) {
      return put(name, new JsonString(value));
    }

    public Builder put(String name, long value) {
      return put(name, new JsonInteger(BigInteger.valueOf(value)));
    }

    /** Adds a decimal, which is written with a fraction or exponent: {@code 1.0}. */
    public Builder put(String name, double value) {
      return put(name, new JsonDecimal(value));
    }

    public Builder put(String name, boolean value) {
      return put(name, new JsonBoolean(value));
    }

    public Builder putNull(String name) {
      return put(name, JsonNull.NULL);
    }

    /** The object; the builder may go on. */
    public JsonObject build() {
      return adopt(new LinkedHashMap<>(fields));
    }
  }
}
