package io.patchkit.onnx.text.jinja;

import io.patchkit.onnx.text.jinja.Expression.ArgumentList;
import io.patchkit.onnx.text.jinja.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Parses expressions by recursive descent with jinja2's grammar, from the weakest operator to the
 * strongest: {@code if else}, {@code or}, {@code and}, {@code not}, comparisons, {@code + -},
 * {@code ~}, {@code * / // %}, {@code **}, signs, then attributes, calls, filters and tests.
 */
final class ExpressionParser {

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Expression NONE = new Expression.Constant(None.NONE);

  private final TokenStream tokens;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  Expression parse() {
    tokens.enter();
    try {
      Expression value = parseOr();
      while (tokens.skipName("if")) {
        Expression condition = parseOr();
        Expression otherwise = tokens.skipName("else") ? parse() : null;
        value = new Expression.Conditional(condition, value, otherwise);
      }
      return value;
    } finally {
      tokens.leave();
    }
  }

  /** One expression, or a tuple of several with commas between. */
  Expression parseTuple(boolean conditionals) {
    List<Expression> items = new ArrayList<>();
    items.add(conditionals ? parse() : parseOr());
    boolean tuple = false;
    while (tokens.skipOperator(",")) {
      tuple = true;
      if (endsTuple()) {
        break;
      }
      items.add(conditionals ? parse() : parseOr());
    }
    return tuple ? new Expression.TupleLiteral(items) : items.get(0);
  }

  private boolean endsTuple() {
    return tokens.at(Kind.VARIABLE_END)
        || tokens.at(Kind.BLOCK_END)
        || tokens.current().isOperator(")");
  }

  private Expression parseOr() {
    Expression left = parseAnd();
    while (tokens.skipName("or")) {
      left = new Expression.Or(left, parseAnd());
    }
    return left;
  }

  private Expression parseAnd() {
    Expression left = parseNot();
    while (tokens.skipName("and")) {
      left = new Expression.And(left, parseNot());
    }
    return left;
  }

  private Expression parseNot() {
    if (!tokens.current().isName("not")) {
      return parseComparison();
    }
    tokens.enter();
    tokens.next();
    Expression value = new Expression.Not(parseNot());
    tokens.leave();
    return value;
  }

  private Expression parseComparison() {
    Expression first = parseSum();
    List<String> operators = new ArrayList<>();
    List<Expression> others = new ArrayList<>();
    while (true) {
      Token token = tokens.current();
      if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
        operators.add(tokens.next().text());
      } else if (tokens.skipName("in")) {
        operators.add("in");
      } else if (token.isName("not") && tokens.look().isName("in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        return others.isEmpty() ? first : new Expression.Comparison(first, operators, others);
      }
      others.add(parseSum());
    }
  }

  private Expression parseSum() {
    Expression left = parseConcatenation();
    while (tokens.current().isOperator("+") || tokens.current().isOperator("-")) {
      String operator = tokens.next().text();
      left = new Expression.Binary(operator, left, parseConcatenation());
    }
    return left;
  }

  private Expression parseConcatenation() {
    List<Expression> parts = new ArrayList<>();
    parts.add(parseProduct());
    while (tokens.skipOperator("~")) {
      parts.add(parseProduct());
    }
    return parts.size() == 1 ? parts.get(0) : new Expression.Concatenation(parts);
  }

  private Expression parseProduct() {
    Expression left = parsePower();
    while (tokens.current().isOperator("*")
        || tokens.current().isOperator("/")
        || tokens.current().isOperator("//")
        || tokens.current().isOperator("%")) {
      String operator = tokens.next().text();
      left = new Expression.Binary(operator, left, parsePower());
    }
    return left;
  }

  private Expression parsePower() {
    Expression left = parseUnary(true);
    while (tokens.skipOperator("**")) {
      // To the left, unlike Python; jinja2 does so.
      left = new Expression.Binary("**", left, parseUnary(true));
    }
    return left;
  }

  private Expression parseUnary(boolean filters) {
    Expression value;
    if (tokens.current().isOperator("-") || tokens.current().isOperator("+")) {
      tokens.enter();
      String sign = tokens.next().text();
      value = new Expression.Signed(sign, parseUnary(false));
      tokens.leave();
    } else {
      value = parsePrimary();
    }
    value = parsePostfix(value);
    return filters ? parseFilters(value) : value;
  }

  private Expression parsePrimary() {
    Token token = tokens.current();
    switch (token.kind()) {
      case NAME -> {
        tokens.next();
        return switch (token.text()) {
          case "true", "True" -> new Expression.Constant(true);
          case "false", "False" -> new Expression.Constant(false);
          case "none", "None" -> NONE;
          default -> new Expression.Name(token.text());
        };
      }
      case STRING -> {
        StringBuilder text = new StringBuilder();
        while (tokens.at(Kind.STRING)) {
          text.append(tokens.next().text());
        }
        return new Expression.Constant(text.toString());
      }
      case INTEGER -> {
        tokens.next();
        return new Expression.Constant(integer(token));
      }
      case FLOAT -> {
        tokens.next();
        return new Expression.Constant(Double.parseDouble(token.text().replace("_", "")));
      }
      default -> {
        if (tokens.skipOperator("(")) {
          return parseParenthesis();
        } else if (tokens.skipOperator("[")) {
          return parseList();
        } else if (tokens.skipOperator("{")) {
          return parseMap();
        }
        throw tokens.unexpected("an expression");
      }
    }
  }

  private Object integer(Token token) {
    BigInteger value = new BigInteger(token.text().replace("_", ""));
    if (value.bitLength() > 63) {
      throw new JinjaUnsupportedException(
          "the integer " + value + " is beyond 64 bits", token.line());
    }
    return value.longValue();
  }

  private Expression parseParenthesis() {
    if (tokens.skipOperator(")")) {
      return new Expression.TupleLiteral(List.of());
    }
    Expression value = parseTuple(true);
    tokens.expectOperator(")");
    return value;
  }

  private Expression parseList() {
    List<Expression> items = new ArrayList<>();
    while (!tokens.skipOperator("]")) {
      if (!items.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.skipOperator("]")) {
          break;
        }
      }
      items.add(parse());
    }
    return new Expression.ListLiteral(items);
  }

  private Expression parseMap() {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.skipOperator("}")) {
      if (!keys.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.skipOperator("}")) {
          break;
        }
      }
      keys.add(parse());
      tokens.expectOperator(":");
      values.add(parse());
    }
    return new Expression.MapLiteral(keys, values);
  }

  private Expression parsePostfix(Expression start) {
    Expression value = start;
    while (true) {
      if (tokens.skipOperator(".")) {
        Token name = tokens.next();
        if (name.kind() == Kind.NAME) {
          value = new Expression.Attribute(value, name.text());
        } else if (name.kind() == Kind.INTEGER) {
          value = new Expression.Item(value, new Expression.Constant(integer(name)));
        } else {
          throw new JinjaUnsupportedException("expected a name after '.'", name.line());
        }
      } else if (tokens.skipOperator("[")) {
        value = parseSubscript(value);
      } else if (tokens.current().isOperator("(")) {
        value = new Expression.Call(value, parseArguments());
      } else {
        return value;
      }
    }
  }

  private Expression parseSubscript(Expression value) {
    Expression start = tokens.current().isOperator(":") ? NONE : parse();
    if (tokens.skipOperator("]")) {
      return new Expression.Item(value, start);
    }
    if (!tokens.skipOperator(":")) {
      throw tokens.unexpected("']' or ':'");
    }
    Expression stop = parseBound();
    Expression step = tokens.skipOperator(":") ? parseBound() : NONE;
    tokens.expectOperator("]");
    return new Expression.Slice(value, start, stop, step);
  }

  private Expression parseBound() {
    Token token = tokens.current();
    return token.isOperator(":") || token.isOperator("]") ? NONE : parse();
  }

  /** The arguments in parentheses, which come next. */
  ArgumentList parseArguments() {
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    boolean first = true;
    while (!tokens.skipOperator(")")) {
      if (!first) {
        tokens.expectOperator(",");
        if (tokens.skipOperator(")")) {
          break;
        }
      }
      first = false;
      if (tokens.current().isOperator("**")) {
        throw tokens.error("unpacking of named arguments with ** is not supported");
      }
      if (tokens.at(Kind.NAME) && tokens.look().isOperator("=")) {
        String name = tokens.next().text();
        tokens.next();
        named.put(name, parse());
      } else if (!named.isEmpty()) {
        throw tokens.error("an argument without a name follows one with a name");
      } else if (tokens.skipOperator("*")) {
        positional.add(new Expression.Spread(parse()));
      } else {
        positional.add(parse());
      }
    }
    return new ArgumentList(positional, named);
  }

  /** Filters, tests and calls after a value. */
  private Expression parseFilters(Expression start) {
    Expression value = start;
    while (true) {
      if (tokens.skipOperator("|")) {
        String name = tokens.expectName();
        value = new Expression.Filter(value, name, parseOptionalArguments());
      } else if (tokens.skipName("is")) {
        value = parseTest(value);
      } else if (tokens.current().isOperator("(")) {
        value = new Expression.Call(value, parseArguments());
      } else {
        return value;
      }
    }
  }

  ArgumentList parseOptionalArguments() {
    return tokens.current().isOperator("(") ? parseArguments() : ArgumentList.NONE;
  }

  private Expression parseTest(Expression value) {
    boolean negated = tokens.skipName("not");
    String name = tokens.expectName();
    ArgumentList arguments;
    if (tokens.current().isOperator("(")) {
      arguments = parseArguments();
    } else {
      Expression operand = parseOperandOfTest();
      arguments =
          operand == null ? ArgumentList.NONE : new ArgumentList(List.of(operand), Map.of());
    }
    Expression test = new Expression.Test(value, name, arguments);
    return negated ? new Expression.Not(test) : test;
  }

  /** {@code is divisibleby 3}: an operand without parentheses. */
  private @Nullable Expression parseOperandOfTest() {
    Token token = tokens.current();
    boolean literal =
        token.kind() == Kind.STRING
            || token.kind() == Kind.INTEGER
            || token.kind() == Kind.FLOAT
            || token.isOperator("[")
            || token.isOperator("{");
    boolean name = token.kind() == Kind.NAME && !Set.of("else", "or", "and").contains(token.text());
    if (token.isName("is")) {
      throw tokens.error("You cannot chain multiple tests with is");
    }
    return literal || name ? parsePostfix(parsePrimary()) : null;
  }
}
