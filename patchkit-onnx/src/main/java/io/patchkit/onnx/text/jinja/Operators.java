package io.patchkit.onnx.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Python's operators. */
final class Operators {

  private Operators() {}

  static Object binary(String operator, Object left, Object right, Rendering rendering) {
    if (left instanceof Undefined undefined) {
      throw undefined.error();
    } else if (right instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (isNumber(left) && isNumber(right)) {
      return arithmetic(operator, number(left), number(right));
    }
    if (operator.equals("+")) {
      rendering.charge(Values.size(left) + Values.size(right));
      if (left instanceof String a && right instanceof String b) {
        return a.concat(b);
      } else if (left instanceof List<?> a && right instanceof List<?> b) {
        return joined(a, b);
      } else if (left instanceof Tuple a && right instanceof Tuple b) {
        return new Tuple(joined(a.items(), b.items()));
      }
    }
    if (operator.equals("*")) {
      if (isWhole(left) && !isWhole(right)) {
        return repeat(right, Values.index(left), rendering);
      } else if (isWhole(right) && !isWhole(left)) {
        return repeat(left, Values.index(right), rendering);
      }
    }
    if (operator.equals("%") && left instanceof String text) {
      return TextFormat.percent(
          text, right instanceof Tuple tuple ? tuple.items() : List.of(right), rendering);
    }
    throw new JinjaException(
        "unsupported operand type(s) for "
            + operator
            + ": '"
            + Values.typeName(left)
            + "' and '"
            + Values.typeName(right)
            + "'");
  }

  private static List<Object> joined(List<?> first, List<?> second) {
    List<Object> all = new ArrayList<>(first.size() + second.size());
    all.addAll(first);
    all.addAll(second);
    return all;
  }

  private static Object repeat(Object value, int times, Rendering rendering) {
    int count = Math.max(0, times);
    rendering.charge(Values.size(value) * count);
    if (value instanceof String text) {
      return text.repeat(count);
    } else if (value instanceof List<?> list) {
      List<Object> repeated = new ArrayList<>(list.size() * count);
      for (int i = 0; i < count; i++) {
        repeated.addAll(list);
      }
      return repeated;
    }
    throw new JinjaException(
        "unsupported operand type(s) for *: '" + Values.typeName(value) + "' and 'int'");
  }

  private static Object arithmetic(String operator, Number left, Number right) {
    boolean whole = left instanceof Long && right instanceof Long;
    double a = left.doubleValue();
    double b = right.doubleValue();
    boolean divides = operator.equals("/") || operator.equals("//") || operator.equals("%");
    if (divides && b == 0) {
      throw new JinjaException("division by zero");
    }
    try {
      long m = left.longValue();
      long n = right.longValue();
      return switch (operator) {
        case "+" -> whole ? (Object) Math.addExact(m, n) : (Object) (a + b);
        case "-" -> whole ? (Object) Math.subtractExact(m, n) : (Object) (a - b);
        case "*" -> whole ? (Object) Math.multiplyExact(m, n) : (Object) (a * b);
        case "/" -> a / b;
        case "//" -> whole ? (Object) Math.floorDiv(m, n) : (Object) Math.floor(a / b);
        case "%" -> whole ? (Object) Math.floorMod(m, n) : (Object) (a - b * Math.floor(a / b));
        case "**" -> whole && n >= 0 ? (Object) power(m, n) : (Object) Math.pow(a, b);
        default -> throw new IllegalArgumentException(operator);
      };
    } catch (ArithmeticException e) {
      throw new JinjaLimitException(left + " " + operator + " " + right + " is beyond 64 bits");
    }
  }

  private static long power(long base, long exponent) {
    if (base == 0 || base == 1 || base == -1) {
      return exponent == 0 || (base == -1 && exponent % 2 == 0) ? 1 : base;
    }
    // Any other base leaves the range within 63 multiplications.
    long power = 1;
    for (long i = 0; i < exponent; i++) {
      power = Math.multiplyExact(power, base);
    }
    return power;
  }

  /** {@code -value} or {@code +value}. */
  static Object signed(String sign, Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    } else if (!isNumber(value)) {
      throw new JinjaException(
          "bad operand type for unary " + sign + ": '" + Values.typeName(value) + "'");
    }
    Number number = number(value);
    if (sign.equals("+")) {
      return number;
    }
    return number instanceof Double
        ? (Object) (-number.doubleValue())
        : arithmetic("-", 0L, number);
  }

  static boolean compare(String operator, Object left, Object right, Rendering rendering) {
    return switch (operator) {
      case "==" -> equal(left, right, rendering);
      case "!=" -> !equal(left, right, rendering);
      case "in" -> contains(right, left, rendering);
      case "not in" -> !contains(right, left, rendering);
      default -> {
        int order = order(left, right, operator, rendering);
        yield switch (operator) {
          case "<" -> order < 0;
          case "<=" -> order <= 0;
          case ">" -> order > 0;
          default -> order >= 0;
        };
      }
    };
  }

  static boolean equal(Object left, Object right, Rendering rendering) {
    rendering.charge(1);
    if (isNumber(left) && isNumber(right)) {
      return number(left).equals(number(right))
          || number(left).doubleValue() == number(right).doubleValue();
    } else if (left instanceof String a && right instanceof String b) {
      rendering.charge(Math.min(a.length(), b.length()) / 16);
      return a.equals(b);
    } else if (left instanceof List<?> a && right instanceof List<?> b) {
      return equalItems(a, b, rendering);
    } else if (left instanceof Tuple a && right instanceof Tuple b) {
      return equalItems(a.items(), b.items(), rendering);
    } else if (left instanceof Map<?, ?> a && right instanceof Map<?, ?> b) {
      if (a.size() != b.size()) {
        return false;
      }
      for (Map.Entry<?, ?> entry : a.entrySet()) {
        Object other = b.get(entry.getKey());
        if (other == null || !equal(entry.getValue(), other, rendering)) {
          return false;
        }
      }
      return true;
    }
    return left == right || (left instanceof Undefined && right instanceof Undefined);
  }

  private static boolean equalItems(List<?> left, List<?> right, Rendering rendering) {
    if (left.size() != right.size()) {
      return false;
    }
    Iterator<?> others = right.iterator();
    for (Object item : left) {
      if (!equal(item, others.next(), rendering)) {
        return false;
      }
    }
    return true;
  }

  static boolean contains(Object container, Object item, Rendering rendering) {
    if (container instanceof String text) {
      if (item instanceof String part) {
        rendering.charge(text.length() / 16);
        return text.contains(part);
      } else if (item instanceof Undefined undefined) {
        throw undefined.error();
      }
      throw new JinjaException(
          "'in <string>' requires string as left operand, not " + Values.typeName(item));
    } else if (container instanceof Map<?, ?> map) {
      return !(item instanceof Tuple || item instanceof Undefined)
          && map.containsKey(Values.requireKey(item));
    } else if (container instanceof None) {
      throw new JinjaException("argument of type 'NoneType' is not iterable");
    }
    for (Object candidate : Values.items(container)) {
      if (equal(candidate, item, rendering)) {
        return true;
      }
    }
    return false;
  }

  /** Negative, zero or positive as left is below, equal to or above right. */
  static int order(Object left, Object right, String operator, Rendering rendering) {
    rendering.charge(1);
    if (left instanceof Undefined undefined) {
      throw undefined.error();
    } else if (right instanceof Undefined undefined) {
      throw undefined.error();
    } else if (left instanceof Long a && right instanceof Long b) {
      return Long.compare(a, b);
    } else if (isNumber(left) && isNumber(right)) {
      return Double.compare(number(left).doubleValue(), number(right).doubleValue());
    } else if (left instanceof String a && right instanceof String b) {
      rendering.charge(Math.min(a.length(), b.length()) / 16);
      return compareCodePoints(a, b);
    } else if (left instanceof List<?> a && right instanceof List<?> b) {
      return orderItems(a, b, operator, rendering);
    } else if (left instanceof Tuple a && right instanceof Tuple b) {
      return orderItems(a.items(), b.items(), operator, rendering);
    }
    throw new JinjaException(
        "'"
            + operator
            + "' not supported between instances of '"
            + Values.typeName(left)
            + "' and '"
            + Values.typeName(right)
            + "'");
  }

  private static int orderItems(List<?> left, List<?> right, String operator, Rendering rendering) {
    for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
      if (!equal(left.get(i), right.get(i), rendering)) {
        return order(left.get(i), right.get(i), operator, rendering);
      }
    }
    return Integer.compare(left.size(), right.size());
  }

  /** Differs from compareTo where a character beyond U+FFFF meets one from U+E000 on. */
  private static int compareCodePoints(String left, String right) {
    for (int i = 0; i < Math.min(left.length(), right.length()); i++) {
      if (left.charAt(i) != right.charAt(i)) {
        return Integer.compare(left.codePointAt(i), right.codePointAt(i));
      }
    }
    return Integer.compare(left.length(), right.length());
  }

  private static boolean isWhole(Object value) {
    return value instanceof Long || value instanceof Boolean;
  }

  static boolean isNumber(Object value) {
    return isWhole(value) || value instanceof Double;
  }

  /** In Python booleans are integers. */
  static Number number(Object value) {
    return value instanceof Boolean bool ? Long.valueOf(bool ? 1 : 0) : (Number) value;
  }
}
