package io.patchkit.evaluate;

import io.patchkit.PatchkitException;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonInteger;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.JsonString;
import io.patchkit.format.JsonValue;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The rows that a suite measures on, read from JSON lines. Immutable.
 *
 * @param name for people
 * @param items with distinct ids
 */
public record EvaluationData(String name, List<Item> items) {

  /** Fields that say what a row is an example of, the first one that is there counts. */
  private static final List<String> KINDS = List.of("kind", "topic", "source");

  public EvaluationData {
    Objects.requireNonNull(name, "name");
    items = List.copyOf(items);
    Set<String> ids = new HashSet<>();
    for (Item item : items) {
      if (!ids.add(item.id())) {
        throw new IllegalArgumentException(
            "two rows of " + name + " have the id '" + item.id() + "'; allowed: one each");
      }
    }
  }

  /**
   * Reads a file of one JSON object a line; blank lines are passed over. A row's id is its field
   * {@code id}, a text or an integer, else the number of its line; its kind is the first of {@code
   * kind}, {@code topic} and {@code source} that is a text or an integer.
   *
   * @throws PatchkitException if the file cannot be read or a line is no JSON object
   */
  public static EvaluationData read(Path file) {
    List<Item> items = new ArrayList<>();
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw new PatchkitException("cannot read " + file + ": " + e.getMessage(), e);
    }
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        items.add(item(file, i + 1, lines.get(i)));
      }
    }
    return new EvaluationData(Objects.toString(file.getFileName()), items);
  }

  private static Item item(Path file, int number, String line) {
    try {
      JsonObject row =
          StrictJson.parseObject(line.getBytes(StandardCharsets.UTF_8), JsonLimits.defaults());
      String id =
          row.get("id") instanceof JsonInteger whole ? text(whole) : row.optionalString("id");
      return new Item(id == null ? Integer.toString(number) : id, kind(row), row);
    } catch (FormatException e) {
      throw new PatchkitException(file + ", line " + number + ": " + e.getMessage(), e);
    }
  }

  private static String kind(JsonObject row) {
    for (String field : KINDS) {
      JsonValue kind = row.get(field);
      if (kind instanceof JsonString text) {
        return text.value();
      }
      if (kind instanceof JsonInteger whole) {
        return text(whole);
      }
    }
    return "";
  }

  private static String text(JsonInteger whole) {
    return whole.value().toString();
  }

  /** Rows that are plain texts, such as requests, under a field of that name. */
  public static EvaluationData ofTexts(String name, List<String> texts) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      JsonObject row = JsonObject.builder().put("text", texts.get(i)).build();
      items.add(new Item(Integer.toString(i + 1), "", row));
    }
    return new EvaluationData(name, items);
  }

  /** The rows that a condition holds for, under a name that says which. */
  public EvaluationData where(String newName, Predicate<Item> condition) {
    List<Item> kept = new ArrayList<>();
    for (Item item : items) {
      if (condition.test(item)) {
        kept.add(item);
      }
    }
    return new EvaluationData(newName, kept);
  }

  /**
   * The requests of these rows in every one of some disguises; a row's kind is then its disguise. A
   * request is the field {@code request}, {@code prompt} or {@code text}.
   */
  public EvaluationData disguised(Jailbreak... jailbreaks) {
    List<Item> disguised = new ArrayList<>();
    for (Jailbreak jailbreak : jailbreaks) {
      for (Item item : items) {
        String text = jailbreak.disguise(item.text("request", "prompt", "text"));
        disguised.add(
            new Item(
                item.id() + "/" + jailbreak.title(),
                jailbreak.title(),
                JsonObject.builder().put("text", text).build()));
      }
    }
    return new EvaluationData(name + ", disguised", disguised);
  }

  /**
   * At most n rows, chosen by seed whatever the order of the file; all of them if there are no
   * more. A larger sample of the same seed contains the smaller ones.
   */
  public EvaluationData sample(int n, long seed) {
    if (n < 1) {
      throw new IllegalArgumentException("n is " + n + "; allowed: at least 1");
    }
    if (n >= items.size()) {
      return this;
    }
    List<Item> shuffled = new ArrayList<>(items);
    shuffled.sort(
        Comparator.comparingLong((Item item) -> Digest.seed(seed, item.id()))
            .thenComparing(Item::id));
    Set<Item> chosen = new HashSet<>(shuffled.subList(0, n));
    return where(name, chosen::contains);
  }

  /** Lower-case hexadecimal SHA-256 of the rows in order, ids and kinds included. */
  public String digest() {
    List<String> texts = new ArrayList<>();
    for (Item item : items) {
      texts.add(item.id());
      texts.add(item.kind());
      texts.add(item.fields().toString());
    }
    return Digest.hex(texts);
  }
}
