package io.patchkit.evaluate;

import io.patchkit.format.JsonObject;
import java.util.List;
import java.util.Objects;

/**
 * One row of a data set.
 *
 * @param id unique in its data set
 * @param kind what the row is an example of, for figures by kind; may be empty
 * @param fields the row itself
 */
public record Item(String id, String kind, JsonObject fields) {

  public Item {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(fields, "fields");
  }

  /**
   * The text in the first of these fields that is there.
   *
   * @throws IllegalArgumentException if none is
   */
  public String text(String... names) {
    for (String name : names) {
      String text = fields.optionalString(name);
      if (text != null) {
        return text;
      }
    }
    throw new IllegalArgumentException(
        "row '" + id + "' has none of the fields " + List.of(names) + "; the suite needs one");
  }
}
