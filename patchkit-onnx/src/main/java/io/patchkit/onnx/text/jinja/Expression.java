package io.patchkit.onnx.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What has a value. */
sealed interface Expression {

  Object evaluate(Scope scope, Rendering rendering);

  /** A literal text, number, boolean or none. */
  record Constant(Object value) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      return value;
    }
  }

  record Name(String name) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      rendering.charge(1);
      return scope.get(name);
    }
  }

  record ListLiteral(List<Expression> items) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      return evaluateAll(items, scope, rendering);
    }
  }

  record TupleLiteral(List<Expression> items) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      return new Tuple(evaluateAll(items, scope, rendering));
    }
  }

  record MapLiteral(List<Expression> keys, List<Expression> values) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      Map<Object, Object> map = new LinkedHashMap<>();
      for (int i = 0; i < keys.size(); i++) {
        Object key = Values.requireKey(keys.get(i).evaluate(scope, rendering));
        map.put(key, values.get(i).evaluate(scope, rendering));
      }
      rendering.charge(keys.size());
      return map;
    }
  }

  record Attribute(Expression value, String name) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      rendering.charge(1);
      return Attributes.attribute(value.evaluate(scope, rendering), name, rendering);
    }
  }

  record Item(Expression value, Expression key) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      rendering.charge(1);
      return Attributes.item(
          value.evaluate(scope, rendering), key.evaluate(scope, rendering), rendering);
    }
  }

  /** Absent bounds are the constant none. */
  record Slice(Expression value, Expression start, Expression stop, Expression step)
      implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      return Attributes.slice(
          value.evaluate(scope, rendering),
          start.evaluate(scope, rendering),
          stop.evaluate(scope, rendering),
          step.evaluate(scope, rendering),
          rendering);
    }
  }

  /** {@code *items} among arguments: each item is an argument. */
  record Spread(Expression items) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      return items.evaluate(scope, rendering);
    }
  }

  /** Arguments as written. */
  record ArgumentList(List<Expression> positional, Map<String, Expression> named) {

    static final ArgumentList NONE = new ArgumentList(List.of(), Map.of());

    /** The same with one named argument more. */
    ArgumentList with(String name, Expression value) {
      Map<String, Expression> more = new LinkedHashMap<>(named);
      more.put(name, value);
      return new ArgumentList(positional, more);
    }

    Arguments evaluate(Scope scope, Rendering rendering) {
      if (positional.isEmpty() && named.isEmpty()) {
        return Arguments.NONE;
      }
      Map<String, Object> values = new LinkedHashMap<>();
      List<Object> first = new ArrayList<>(positional.size());
      for (Expression argument : positional) {
        Object value = argument.evaluate(scope, rendering);
        if (argument instanceof Spread) {
          first.addAll(Values.items(value));
        } else {
          first.add(value);
        }
      }
      rendering.charge(first.size());
      named.forEach((name, value) -> values.put(name, value.evaluate(scope, rendering)));
      return new Arguments(first, values);
    }
  }

  record Call(Expression callee, ArgumentList arguments) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      rendering.charge(1);
      Object function = callee.evaluate(scope, rendering);
      if (function instanceof Undefined undefined) {
        throw undefined.error();
      }
      Arguments values = arguments.evaluate(scope, rendering);
      if (function instanceof Macro macro) {
        return macro.call(values, rendering);
      } else if (function instanceof JinjaFunction callable) {
        return callable.call(values);
      }
      throw new JinjaException("'" + Values.typeName(function) + "' object is not callable");
    }
  }

  record Filter(Expression value, String name, ArgumentList arguments) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      return Filters.apply(
          name, value.evaluate(scope, rendering), arguments.evaluate(scope, rendering), rendering);
    }
  }

  record Test(Expression value, String name, ArgumentList arguments) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      rendering.charge(1);
      return Tests.test(
          name, value.evaluate(scope, rendering), arguments.evaluate(scope, rendering), rendering);
    }
  }

  record Not(Expression value) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      return !Values.isTrue(value.evaluate(scope, rendering));
    }
  }

  /** As in Python, the value is that of the operand that decided. */
  record And(Expression left, Expression right) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      Object value = left.evaluate(scope, rendering);
      return Values.isTrue(value) ? right.evaluate(scope, rendering) : value;
    }
  }

  /** As in Python, the value is that of the operand that decided. */
  record Or(Expression left, Expression right) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      Object value = left.evaluate(scope, rendering);
      return Values.isTrue(value) ? value : right.evaluate(scope, rendering);
    }
  }

  /** {@code then if condition else otherwise}. */
  record Conditional(Expression condition, Expression then, @Nullable Expression otherwise)
      implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      if (Values.isTrue(condition.evaluate(scope, rendering))) {
        return then.evaluate(scope, rendering);
      }
      return otherwise == null
          ? new Undefined("the inline if-expression evaluated to false and has no else")
          : otherwise.evaluate(scope, rendering);
    }
  }

  /** {@code -value} or {@code +value}. */
  record Signed(String sign, Expression value) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      return Operators.signed(sign, value.evaluate(scope, rendering));
    }
  }

  /** An operator of arithmetic; with + and * also of texts and lists. */
  record Binary(String operator, Expression left, Expression right) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      rendering.charge(1);
      return Operators.binary(
          operator, left.evaluate(scope, rendering), right.evaluate(scope, rendering), rendering);
    }
  }

  /** {@code a ~ b ~ c}: the texts of any values, joined. */
  record Concatenation(List<Expression> parts) implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      StringBuilder text = new StringBuilder();
      for (Expression part : parts) {
        String next = Values.text(part.evaluate(scope, rendering), rendering);
        rendering.charge(next.length() + 1);
        text.append(next);
      }
      return text.toString();
    }
  }

  /** {@code a < b <= c}: each neighbouring pair must hold. */
  record Comparison(Expression first, List<String> operators, List<Expression> others)
      implements Expression {
    @Override
    public Object evaluate(Scope scope, Rendering rendering) {
      Object left = first.evaluate(scope, rendering);
      for (int i = 0; i < others.size(); i++) {
        Object right = others.get(i).evaluate(scope, rendering);
        if (!Operators.compare(operators.get(i), left, right, rendering)) {
          return false;
        }
        left = right;
      }
      return true;
    }
  }

  private static List<Object> evaluateAll(
      List<Expression> expressions, Scope scope, Rendering rendering) {
    rendering.charge(expressions.size());
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expression expression : expressions) {
      values.add(expression.evaluate(scope, rendering));
    }
    return values;
  }
}
