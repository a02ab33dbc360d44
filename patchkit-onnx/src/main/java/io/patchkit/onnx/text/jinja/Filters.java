package io.patchkit.onnx.text.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What may follow {@code |}: {@code abs}, {@code attr}, {@code capitalize}, {@code count}, {@code
 * default}, {@code dictsort}, {@code first}, {@code float}, {@code format}, {@code indent}, {@code
 * int}, {@code items}, {@code join}, {@code last}, {@code length}, {@code list}, {@code lower},
 * {@code map}, {@code max}, {@code min}, {@code reject}, {@code rejectattr}, {@code replace},
 * {@code reverse}, {@code round}, {@code safe}, {@code select}, {@code selectattr}, {@code sort},
 * {@code string}, {@code sum}, {@code title}, {@code tojson}, {@code trim}, {@code unique}, {@code
 * upper}.
 *
 * <p>{@code safe} changes nothing: there is no escaping to be safe from.
 */
final class Filters {

  /** An exponent of at most three digits: a number of a billion digits is nobody's need. */
  private static final Pattern DECIMAL =
      Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,3})?");

  private Filters() {}

  static Object apply(String name, Object value, Arguments arguments, Rendering rendering) {
    rendering.charge(1 + Values.size(value) / 4);
    return switch (name) {
      case "default", "d" -> orDefault(value, arguments);
      case "string" -> Values.text(value, rendering);
      case "safe" -> value;
      case "tojson" -> Json.dump(value, arguments, rendering);
      case "length", "count" -> Values.length(value);
      case "trim" -> {
        Arguments.Bound bound = arguments.bind(name, 0, "chars");
        String text = Values.text(value, rendering);
        yield PythonText.strip(text, bound.has(0) ? bound.text(0) : null, true, true);
      }
      case "upper" -> PythonText.upper(Values.text(value, rendering));
      case "lower" -> PythonText.lower(Values.text(value, rendering));
      case "capitalize" -> PythonText.capitalize(Values.text(value, rendering));
      case "title" -> title(Values.text(value, rendering));
      case "replace" -> {
        Arguments.Bound bound = arguments.bind(name, 2, "old", "new", "count");
        yield StringMethods.replace(
            Values.text(value, rendering),
            Values.text(bound.require(0), rendering),
            Values.text(bound.require(1), rendering),
            bound.integer(2, -1),
            rendering);
      }
      case "indent" -> indent(value, arguments, rendering);
      case "join" -> join(value, arguments, rendering);
      case "int" -> integer(value, arguments);
      case "float" -> decimal(value, arguments);
      case "round" -> round(value, arguments);
      case "format" -> {
        if (!arguments.named().isEmpty()) {
          throw new JinjaUnsupportedException("the filter 'format' with names is not supported");
        }
        yield TextFormat.percent(Values.text(value, rendering), arguments.positional(), rendering);
      }
      case "abs" -> {
        Object negative = Operators.signed("-", value);
        yield Operators.number(negative).doubleValue() > 0 ? negative : Operators.number(value);
      }
      case "attr" ->
          Attributes.attribute(value, arguments.bind(name, 1, "name").text(0), rendering);
      case "list" -> new ArrayList<>(Values.items(value));
      case "items" -> items(value);
      case "first" -> {
        List<Object> items = Values.items(value);
        yield items.isEmpty() ? new Undefined("No first item, sequence was empty.") : items.get(0);
      }
      case "last" -> {
        List<Object> items = Values.items(value);
        yield items.isEmpty()
            ? new Undefined("No last item, sequence was empty.")
            : items.get(items.size() - 1);
      }
      case "reverse" -> {
        List<Object> items = new ArrayList<>(Values.items(value));
        Collections.reverse(items);
        yield value instanceof String ? String.join("", texts(items)) : new Generator(items);
      }
      case "map" -> Selection.map(value, arguments, rendering);
      case "select" -> Selection.select(value, arguments, true, rendering);
      case "reject" -> Selection.select(value, arguments, false, rendering);
      case "selectattr" -> Selection.selectByAttribute(value, arguments, true, rendering);
      case "rejectattr" -> Selection.selectByAttribute(value, arguments, false, rendering);
      case "sort" -> Ordering.sort(value, arguments, rendering);
      case "dictsort" -> Ordering.sortEntries(value, arguments, rendering);
      case "unique" -> Ordering.unique(value, arguments, rendering);
      case "min", "max" -> Ordering.extreme(name, value, arguments, rendering);
      case "sum" -> sum(value, arguments, rendering);
      default -> throw new JinjaUnsupportedException("the filter '" + name + "' is not supported");
    };
  }

  private static Object orDefault(Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("default", 0, "default_value", "boolean");
    boolean missing = value instanceof Undefined || (bound.flag(1, false) && !Values.isTrue(value));
    return missing ? bound.get(0, "") : value;
  }

  /** Unlike the method, words end only at whitespace, hyphens and opening brackets. */
  private static String title(String text) {
    StringBuilder titled = new StringBuilder(text.length());
    boolean inWord = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      boolean breaks = PythonText.isSpace(c) || "-({[<".indexOf(c) >= 0;
      titled.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toUpperCase(c));
      inWord = !breaks;
    }
    return titled.toString();
  }

  private static String indent(Object value, Arguments arguments, Rendering rendering) {
    if (!(value instanceof String text)) {
      throw new JinjaException("indent takes a text, not " + Values.typeName(value));
    }
    Arguments.Bound bound = arguments.bind("indent", 0, "width", "first", "blank");
    Object width = bound.get(0, 4L);
    int spaces = width instanceof String ? 0 : Math.max(0, Values.index(width));
    rendering.charge(spaces);
    String indention = width instanceof String prefix ? prefix : " ".repeat(spaces);
    StringBuilder indented = new StringBuilder();
    if (bound.flag(1, false)) {
      indented.append(indention);
    }
    boolean blankLines = bound.flag(2, false);
    String separator = "";
    for (String line : text.split("\n", -1)) {
      rendering.charge(line.length() + indention.length());
      indented.append(separator);
      if (!separator.isEmpty() && (blankLines || !line.isEmpty())) {
        indented.append(indention);
      }
      indented.append(line);
      separator = "\n";
    }
    return indented.toString();
  }

  private static Object join(Object value, Arguments arguments, Rendering rendering) {
    Arguments.Bound bound = arguments.bind("join", 0, "d", "attribute");
    List<Object> texts = new ArrayList<>();
    for (Object item : Values.items(value)) {
      Object part = bound.has(1) ? Selection.path(item, bound.require(1), rendering) : item;
      texts.add(Values.text(part, rendering));
    }
    return StringMethods.join(Values.text(bound.get(0, ""), rendering), texts, rendering);
  }

  private static List<String> texts(List<Object> items) {
    List<String> texts = new ArrayList<>(items.size());
    items.forEach(item -> texts.add((String) item));
    return texts;
  }

  private static Object integer(Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("int", 0, "default", "base");
    if (Operators.isNumber(value)) {
      return Operators.number(value).longValue();
    }
    requireDefined(value);
    try {
      if (value instanceof String text) {
        String digits = text.strip();
        int base = bound.integer(1, 10);
        return base == 10 && DECIMAL.matcher(digits).matches()
            ? new BigDecimal(digits).toBigInteger().longValueExact()
            : Long.parseLong(digits, base);
      }
    } catch (NumberFormatException | ArithmeticException e) {
      // The default, as in Python.
    }
    return bound.get(0, 0L);
  }

  private static Object decimal(Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("float", 0, "default");
    if (Operators.isNumber(value)) {
      return Operators.number(value).doubleValue();
    }
    requireDefined(value);
    if (value instanceof String text && DECIMAL.matcher(text.strip()).matches()) {
      return Double.parseDouble(text.strip());
    }
    return bound.get(0, 0.0);
  }

  /** Halves go to the even neighbour, of the exact value of a float, as in Python. */
  private static Object round(Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("round", 0, "precision", "method");
    requireDefined(value);
    int precision = bound.integer(0, 0);
    if (!Operators.isNumber(value) || Math.abs(precision) > 300) {
      throw new JinjaException(
          "round takes a number and a precision of up to 300 digits, not "
              + Values.typeName(value)
              + " and "
              + precision);
    }
    Number number = Operators.number(value);
    double decimal = number.doubleValue();
    double shift = Math.pow(10, precision);
    Object method = bound.get(1, "common");
    if (method.equals("ceil")) {
      return Math.ceil(decimal * shift) / shift;
    } else if (method.equals("floor")) {
      return Math.floor(decimal * shift) / shift;
    } else if (!method.equals("common")) {
      throw new JinjaException("method must be common, ceil or floor");
    } else if (number instanceof Long whole) {
      return precision >= 0
          ? whole
          : BigDecimal.valueOf(whole).setScale(precision, RoundingMode.HALF_EVEN).longValue();
    }
    return Double.isFinite(decimal)
        ? Math.copySign(
            new BigDecimal(decimal).setScale(precision, RoundingMode.HALF_EVEN).doubleValue(),
            decimal)
        : number;
  }

  private static void requireDefined(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
  }

  private static Object items(Object value) {
    if (value instanceof Undefined) {
      return new Generator(List.of());
    } else if (value instanceof Map<?, ?> map) {
      return new Generator(Attributes.entries(map));
    }
    throw new JinjaException("Can only get item pairs from a mapping.");
  }

  private static Object sum(Object value, Arguments arguments, Rendering rendering) {
    Arguments.Bound bound = arguments.bind("sum", 0, "attribute", "start");
    Object total = bound.get(1, 0L);
    for (Object item : Values.items(value)) {
      Object part = bound.has(0) ? Selection.path(item, bound.require(0), rendering) : item;
      total = Operators.binary("+", total, part, rendering);
    }
    return total;
  }
}
