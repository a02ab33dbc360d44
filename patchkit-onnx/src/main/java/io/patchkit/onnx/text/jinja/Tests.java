package io.patchkit.onnx.text.jinja;

import java.util.List;
import java.util.Map;

/**
 * What may follow {@code is}: {@code defined}, {@code undefined}, {@code none}, {@code string},
 * {@code number}, {@code integer}, {@code float}, {@code boolean}, {@code true}, {@code false},
 * {@code mapping}, {@code sequence}, {@code iterable}, {@code callable}, {@code sameas}, {@code
 * odd}, {@code even}, {@code divisibleby}, {@code in}, {@code upper}, {@code lower}, and the
 * comparisons {@code eq}, {@code ne}, {@code lt}, {@code le}, {@code gt}, {@code ge} by all their
 * names.
 */
final class Tests {

  private Tests() {}

  static boolean test(String name, Object value, Arguments arguments, Rendering rendering) {
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value instanceof None;
      case "string" -> value instanceof String;
      case "boolean" -> value instanceof Boolean;
      case "true" -> value.equals(true);
      case "false" -> value.equals(false);
      case "integer" -> value instanceof Long;
      case "float" -> value instanceof Double;
      case "number" -> Operators.isNumber(value);
      case "mapping" -> value instanceof Map<?, ?>;
      case "sequence" -> isSequence(value);
      case "iterable" -> isSequence(value) || value instanceof Generator;
      case "callable" ->
          value instanceof JinjaFunction || value instanceof Macro || value instanceof Undefined;
      case "odd" -> remainder(value, 2L, rendering).equals(1.0);
      case "even" -> remainder(value, 2L, rendering).equals(0.0);
      case "divisibleby" -> remainder(value, operand(name, arguments), rendering).equals(0.0);
      case "upper" -> isCase(value, "isupper", rendering);
      case "lower" -> isCase(value, "islower", rendering);
      case "sameas" -> isSame(value, operand(name, arguments));
      case "in" -> Operators.contains(operand(name, arguments), value, rendering);
      case "eq", "==", "equalto" -> compare("==", name, value, arguments, rendering);
      case "ne", "!=" -> compare("!=", name, value, arguments, rendering);
      case "lt", "<", "lessthan" -> compare("<", name, value, arguments, rendering);
      case "le", "<=" -> compare("<=", name, value, arguments, rendering);
      case "gt", ">", "greaterthan" -> compare(">", name, value, arguments, rendering);
      case "ge", ">=" -> compare(">=", name, value, arguments, rendering);
      default -> throw new JinjaUnsupportedException("the test '" + name + "' is not supported");
    };
  }

  private static boolean compare(
      String operator, String test, Object value, Arguments arguments, Rendering rendering) {
    return Operators.compare(operator, value, operand(test, arguments), rendering);
  }

  private static Object operand(String test, Arguments arguments) {
    return arguments.bind(test, 1, "other").require(0);
  }

  private static boolean isSequence(Object value) {
    return value instanceof String
        || value instanceof List<?>
        || value instanceof Tuple
        || value instanceof Map<?, ?>
        || value instanceof Undefined
        || value instanceof Loop;
  }

  private static boolean isCase(Object value, String method, Rendering rendering) {
    Object is = Attributes.attribute(Values.text(value, rendering), method, rendering);
    return Values.isTrue(((JinjaFunction) is).call(Arguments.NONE));
  }

  private static boolean isSame(Object value, Object other) {
    // Python interns these; for other values identity means nothing in a template.
    return value == other
        || ((value instanceof Boolean || value instanceof Long || value instanceof String)
            && value.equals(other));
  }

  private static Double remainder(Object value, Object divisor, Rendering rendering) {
    return Operators.number(Operators.binary("%", value, divisor, rendering)).doubleValue();
  }
}
