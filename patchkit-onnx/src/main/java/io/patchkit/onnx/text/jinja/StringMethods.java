package io.patchkit.onnx.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The methods of a text: {@code strip}, {@code lstrip}, {@code rstrip}, {@code split}, {@code
 * rsplit}, {@code splitlines}, {@code startswith}, {@code endswith}, {@code removeprefix}, {@code
 * removesuffix}, {@code replace}, {@code upper}, {@code lower}, {@code title}, {@code capitalize},
 * {@code join}, {@code format}, {@code partition}, {@code rpartition}, {@code find}, {@code rfind},
 * {@code index}, {@code count}, {@code isdigit}, {@code isalpha}, {@code isalnum}, {@code isspace},
 * {@code isupper}, {@code islower}.
 */
final class StringMethods {

  private static final Set<String> UNSUPPORTED =
      Set.of(
          "casefold",
          "center",
          "encode",
          "expandtabs",
          "format_map",
          "isascii",
          "isdecimal",
          "isidentifier",
          "isnumeric",
          "isprintable",
          "istitle",
          "ljust",
          "maketrans",
          "rindex",
          "rjust",
          "swapcase",
          "translate",
          "zfill");

  private StringMethods() {}

  /** The method of this name, or null if Python has none. */
  static @Nullable JinjaFunction find(String text, String name, Rendering rendering) {
    if (UNSUPPORTED.contains(name)) {
      return arguments -> { // Who only asks whether there is one gets an answer.
        throw new JinjaUnsupportedException("the method " + name + "() of a text is not supported");
      };
    }
    JinjaFunction method = method(text, name, rendering);
    if (method == null) {
      return null;
    }
    return arguments -> {
      rendering.charge(text.length() / 4);
      return method.call(arguments);
    };
  }

  private static @Nullable JinjaFunction method(String text, String name, Rendering rendering) {
    return switch (name) {
      case "strip" -> arguments -> strip(text, arguments, true, true);
      case "lstrip" -> arguments -> strip(text, arguments, true, false);
      case "rstrip" -> arguments -> strip(text, arguments, false, true);
      case "split" -> arguments -> split(text, arguments, false, rendering);
      case "rsplit" -> arguments -> split(text, arguments, true, rendering);
      case "splitlines" -> arguments -> lines(text, arguments, rendering);
      case "startswith" -> arguments -> isAt(text, arguments, true);
      case "endswith" -> arguments -> isAt(text, arguments, false);
      case "removeprefix" ->
          arguments -> {
            String prefix = arguments.bind(name, 1, "prefix").text(0);
            return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
          };
      case "removesuffix" ->
          arguments -> {
            String suffix = arguments.bind(name, 1, "suffix").text(0);
            return text.endsWith(suffix)
                ? text.substring(0, text.length() - suffix.length())
                : text;
          };
      case "replace" ->
          arguments -> {
            Arguments.Bound bound = arguments.bind(name, 2, "old", "new", "count");
            return replace(text, bound.text(0), bound.text(1), bound.integer(2, -1), rendering);
          };
      case "upper" -> arguments -> none(name, arguments, PythonText.upper(text));
      case "lower" -> arguments -> none(name, arguments, PythonText.lower(text));
      case "title" -> arguments -> none(name, arguments, PythonText.title(text));
      case "capitalize" -> arguments -> none(name, arguments, PythonText.capitalize(text));
      case "join" ->
          arguments -> {
            Object items = arguments.bind(name, 1, "iterable").require(0);
            return join(text, Values.items(items), rendering);
          };
      case "format" -> arguments -> TextFormat.braces(text, arguments, rendering);
      case "partition" -> arguments -> partition(name, text, arguments, text::indexOf);
      case "rpartition" -> arguments -> partition(name, text, arguments, text::lastIndexOf);
      case "find" -> arguments -> position(text, text.indexOf(part(name, arguments)));
      case "rfind" -> arguments -> position(text, text.lastIndexOf(part(name, arguments)));
      case "index" ->
          arguments -> {
            int at = text.indexOf(part(name, arguments));
            if (at < 0) {
              throw new JinjaException("substring not found");
            }
            return position(text, at);
          };
      case "count" -> arguments -> count(text, part(name, arguments));
      case "isdigit" -> arguments -> all(text, Character::isDigit);
      case "isalpha" -> arguments -> all(text, Character::isLetter);
      case "isalnum" -> arguments -> all(text, Character::isLetterOrDigit);
      case "isspace" -> arguments -> all(text, PythonText::isSpace);
      case "isupper" ->
          arguments -> text.equals(PythonText.upper(text)) && !text.equals(PythonText.lower(text));
      case "islower" ->
          arguments -> text.equals(PythonText.lower(text)) && !text.equals(PythonText.upper(text));
      default -> null;
    };
  }

  private static Object none(String name, Arguments arguments, String result) {
    arguments.bind(name, 0);
    return result;
  }

  private static String part(String name, Arguments arguments) {
    return arguments.bind(name, 1, "sub").text(0);
  }

  private static Object strip(String text, Arguments arguments, boolean left, boolean right) {
    Arguments.Bound bound = arguments.bind("strip", 0, "chars");
    return PythonText.strip(text, bound.has(0) ? bound.text(0) : null, left, right);
  }

  private static Object isAt(String text, Arguments arguments, boolean start) {
    Object wanted = arguments.bind(start ? "startswith" : "endswith", 1, "affix").require(0);
    List<Object> affixes = wanted instanceof Tuple tuple ? tuple.items() : List.of(wanted);
    for (Object affix : affixes) {
      if (!(affix instanceof String part)) {
        throw new JinjaException(
            "startswith and endswith take a text or a tuple of texts, not "
                + Values.typeName(affix));
      }
      if (start ? text.startsWith(part) : text.endsWith(part)) {
        return true;
      }
    }
    return false;
  }

  private static Object split(
      String text, Arguments arguments, boolean fromRight, Rendering rendering) {
    Arguments.Bound bound = arguments.bind("split", 0, "sep", "maxsplit");
    int limit = bound.integer(1, -1);
    rendering.charge(2L * text.length());
    if (!bound.has(0)) {
      if (fromRight && limit >= 0) {
        throw new JinjaUnsupportedException("rsplit() at whitespace with a limit is not supported");
      }
      return words(text, limit);
    }
    String separator = bound.text(0);
    if (separator.isEmpty()) {
      throw new JinjaException("empty separator");
    }
    return fromRight ? splitRight(text, separator, limit) : splitLeft(text, separator, limit);
  }

  private static Object partition(
      String name, String text, Arguments arguments, ToIntFunction<String> position) {
    String separator = arguments.bind(name, 1, "sep").text(0);
    if (separator.isEmpty()) {
      throw new JinjaException("empty separator");
    }
    int at = position.applyAsInt(separator);
    if (at < 0) {
      return new Tuple(name.equals("partition") ? List.of(text, "", "") : List.of("", "", text));
    }
    return new Tuple(
        List.of(text.substring(0, at), separator, text.substring(at + separator.length())));
  }

  private static List<Object> splitLeft(String text, String separator, int limit) {
    List<Object> parts = new ArrayList<>();
    int from = 0;
    while (limit < 0 || parts.size() < limit) {
      int at = text.indexOf(separator, from);
      if (at < 0) {
        break;
      }
      parts.add(text.substring(from, at));
      from = at + separator.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  private static List<Object> splitRight(String text, String separator, int limit) {
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    while (limit < 0 || parts.size() < limit) {
      int at = text.lastIndexOf(separator, end - separator.length());
      if (at < 0) {
        break;
      }
      parts.add(text.substring(at + separator.length(), end));
      end = at;
    }
    parts.add(text.substring(0, end));
    Collections.reverse(parts);
    return parts;
  }

  /** Split at runs of whitespace. */
  private static List<Object> words(String text, int limit) {
    List<Object> words = new ArrayList<>();
    int from = skip(text, 0, true);
    while (from < text.length() && (limit < 0 || words.size() < limit)) {
      int end = skip(text, from, false);
      words.add(text.substring(from, end));
      from = skip(text, end, true);
    }
    if (from < text.length()) {
      words.add(text.substring(from));
    }
    return words;
  }

  private static int skip(String text, int from, boolean spaces) {
    int i = from;
    while (i < text.length() && PythonText.isSpace(text.charAt(i)) == spaces) {
      i++;
    }
    return i;
  }

  private static Object lines(String text, Arguments arguments, Rendering rendering) {
    boolean keepEnds = arguments.bind("splitlines", 0, "keepends").flag(0, false);
    rendering.charge(text.length());
    List<Object> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean ends =
          (c >= '\n' && c <= '\r')
              || (c >= 0x1C && c <= 0x1E)
              || c == 0x85
              || c == 0x2028
              || c == 0x2029;
      if (!ends) {
        continue;
      }
      int next = c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n' ? i + 2 : i + 1;
      lines.add(text.substring(from, keepEnds ? next : i));
      i = next - 1;
      from = next;
    }
    if (from < text.length()) {
      lines.add(text.substring(from));
    }
    return lines;
  }

  /**
   * @param limit the most replacements, negative for all
   */
  static String replace(
      String text, String old, String replacement, int limit, Rendering rendering) {
    StringBuilder replaced = new StringBuilder();
    int from = 0;
    for (int done = 0; limit < 0 || done < limit; done++) {
      int at = text.indexOf(old, from);
      if (at < 0) {
        break;
      }
      rendering.charge(at - from + replacement.length() + 1L);
      if (old.isEmpty()) {
        // Between all characters and at both ends.
        replaced.append(replacement);
        if (from == text.length()) {
          return replaced.toString();
        }
        at = text.offsetByCodePoints(from, 1);
        replaced.append(text, from, at);
        from = at;
      } else {
        replaced.append(text, from, at).append(replacement);
        from = at + old.length();
      }
    }
    return replaced.append(text, from, text.length()).toString();
  }

  static String join(String separator, List<Object> items, Rendering rendering) {
    StringBuilder joined = new StringBuilder();
    for (int i = 0; i < items.size(); i++) {
      if (!(items.get(i) instanceof String item)) {
        throw new JinjaException(
            "sequence item "
                + i
                + ": expected str instance, "
                + Values.typeName(items.get(i))
                + " found");
      }
      rendering.charge(separator.length() + item.length());
      joined.append(i == 0 ? "" : separator).append(item);
    }
    return joined.toString();
  }

  private static Object count(String text, String part) {
    if (part.isEmpty()) {
      return text.codePointCount(0, text.length()) + 1L;
    }
    long count = 0;
    for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
      count++;
    }
    return count;
  }

  /** Python counts characters, not halves of them. */
  private static Object position(String text, int at) {
    return at < 0 ? -1L : (long) text.codePointCount(0, at);
  }

  private static Object all(String text, IntPredicate predicate) {
    return !text.isEmpty() && text.codePoints().allMatch(predicate);
  }
}
