package io.patchkit.format;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A JSON array, and the reader of its elements; see {@link JsonObject} for how reading fails.
 *
 * <p>Immutable and thread-safe. Its path is no part of its value.
 */
public final class JsonArray implements JsonValue {

  private final List<JsonValue> elements;
  private final String path;

  private JsonArray(List<JsonValue> elements, String path) {
    this.elements = elements;
    this.path = path;
  }

  /** The array of these elements. The list is copied. */
  public static JsonArray of(List<? extends JsonValue> elements) {
    return new JsonArray(List.copyOf(elements), "$");
  }

  /** The array of these strings. */
  public static JsonArray ofStrings(List<String> strings) {
    List<JsonValue> elements = new ArrayList<>();
    for (String string : strings) {
      elements.add(new JsonString(string));
    }
    return of(elements);
  }

  /** The array of these integers. */
  public static JsonArray ofIntegers(long... integers) {
    List<JsonValue> elements = new ArrayList<>();
    for (long integer : integers) {
      elements.add(JsonInteger.of(integer));
    }
    return of(elements);
  }

  /** Where this array lies in its document: {@code $.files}. */
  public String path() {
    return path;
  }

  public int size() {
    return elements.size();
  }

  /** The element at {@code index}. */
  public JsonValue get(int index) {
    return JsonReading.locate(elements.get(index), at(index));
  }

  /** The element at {@code index}, a string. */
  public String string(int index) {
    return JsonReading.string(elements.get(index), at(index));
  }

  /** The element at {@code index}, an integer of at least {@code min} and at most {@code max}. */
  public long integer(int index, long min, long max) {
    return JsonReading.integer(elements.get(index), at(index), min, max);
  }

  /** The element at {@code index}, a decimal or integer from {@code min} to {@code max}. */
  public double number(int index, double min, double max) {
    return JsonReading.number(elements.get(index), at(index), min, max);
  }

  /** The element at {@code index}, an object. */
  public JsonObject object(int index) {
    return JsonReading.object(elements.get(index), at(index));
  }

  /** The element at {@code index}, an array. */
  public JsonArray array(int index) {
    return JsonReading.array(elements.get(index), at(index));
  }

  /** All elements, each a string. */
  public List<String> strings() {
    List<String> strings = new ArrayList<>();
    for (int i = 0; i < size(); i++) {
      strings.add(string(i));
    }
    return List.copyOf(strings);
  }

  /** All elements, each an integer of at least {@code min} and at most {@code max}. */
  public List<Long> integers(long min, long max) {
    List<Long> integers = new ArrayList<>();
    for (int i = 0; i < size(); i++) {
      integers.add(integer(i, min, max));
    }
    return List.copyOf(integers);
  }

  /** All elements, each an object. */
  public List<JsonObject> objects() {
    List<JsonObject> objects = new ArrayList<>();
    for (int i = 0; i < size(); i++) {
      objects.add(object(i));
    }
    return List.copyOf(objects);
  }

  /** The elements, for writing. */
  List<JsonValue> elements() {
    return elements;
  }

  JsonArray at(String path) {
    return new JsonArray(elements, path);
  }

  private String at(int index) {
    return JsonText.element(path, index);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof JsonArray that && elements.equals(that.elements);
  }

  @Override
  public int hashCode() {
    return elements.hashCode();
  }

  /** The array as JSON text on one line. */
  @Override
  public String toString() {
    return JsonWriter.compact(this);
  }
}
