package io.patchkit.train;

import io.patchkit.format.JsonArray;
import io.patchkit.format.JsonBoolean;
import io.patchkit.format.JsonDecimal;
import io.patchkit.format.JsonInteger;
import io.patchkit.format.JsonNull;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonString;
import io.patchkit.format.JsonValue;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON as the plain values that a chat's variables have: {@link String}, {@link Long}, {@link
 * Double}, {@link Boolean}, null, {@link List} and {@link Map}.
 */
final class PlainJson {

  private static final BigInteger LEAST = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MOST = BigInteger.valueOf(Long.MAX_VALUE);

  private PlainJson() {}

  static JsonValue of(@Nullable Object value) {
    if (value == null) {
      return JsonNull.NULL;
    } else if (value instanceof String text) {
      return new JsonString(text);
    } else if (value instanceof Boolean bool) {
      return new JsonBoolean(bool);
    } else if (value instanceof Long number) {
      return JsonInteger.of(number);
    } else if (value instanceof Double number) {
      return new JsonDecimal(number);
    } else if (value instanceof List<?> list) {
      List<JsonValue> items = new ArrayList<>();
      list.forEach(item -> items.add(of(item)));
      return JsonArray.of(items);
    } else if (value instanceof Map<?, ?> map) {
      JsonObject.Builder entries = JsonObject.builder();
      map.forEach((key, item) -> entries.put((String) key, of(item)));
      return entries.build();
    }
    throw new AssertionError("a chat has no variables of " + value.getClass());
  }

  /** The plain value; whole numbers beyond 64 bits are doubles. */
  static @Nullable Object value(@Nullable JsonValue json) {
    if (json instanceof JsonString text) {
      return text.value();
    } else if (json instanceof JsonBoolean bool) {
      return bool.value();
    } else if (json instanceof JsonDecimal number) {
      return number.value();
    } else if (json instanceof JsonInteger number) {
      boolean fits = number.value().compareTo(LEAST) >= 0 && number.value().compareTo(MOST) <= 0;
      return fits ? (Object) number.value().longValue() : (Object) number.value().doubleValue();
    } else if (json instanceof JsonArray array) {
      List<@Nullable Object> items = new ArrayList<>();
      for (int i = 0; i < array.size(); i++) {
        items.add(value(array.get(i)));
      }
      return items;
    } else if (json instanceof JsonObject object) {
      Map<String, @Nullable Object> entries = new LinkedHashMap<>();
      for (String name : object.names()) {
        entries.put(name, value(object.get(name)));
      }
      return entries;
    }
    return null;
  }
}
