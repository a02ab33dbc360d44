package io.patchkit.onnx.text.jinja;

import io.patchkit.onnx.text.jinja.Expression.ArgumentList;
import io.patchkit.onnx.text.jinja.Statement.Target;
import io.patchkit.onnx.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses the statements of a template. */
final class Parser {

  private static final Set<String> CONSTANTS =
      Set.of("true", "True", "false", "False", "none", "None");

  private static final Expression TRUE = new Expression.Constant(true);

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int loops;

  Parser(List<Token> tokens) {
    this.tokens = new TokenStream(tokens);
    this.expressions = new ExpressionParser(this.tokens);
  }

  List<Statement> parseTemplate() {
    return parseBody();
  }

  /** Up to one of these tags, whose name comes next, or to the end of the template if none. */
  private List<Statement> parseBody(String... endTags) {
    List<Statement> body = new ArrayList<>();
    tokens.enter();
    while (!tokens.at(Kind.END)) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA -> body.add(new Statement.Data(token.text()));
        case VARIABLE_BEGIN -> {
          Expression value = expressions.parseTuple(true);
          tokens.expect(Kind.VARIABLE_END);
          body.add(new Statement.Located(token.line(), new Statement.Output(value)));
        }
        default -> {
          if (tokens.at(Kind.NAME) && Set.of(endTags).contains(tokens.current().text())) {
            tokens.leave();
            return body;
          }
          Statement statement = parseStatement();
          tokens.expect(Kind.BLOCK_END);
          body.add(new Statement.Located(token.line(), statement));
        }
      }
    }
    if (endTags.length > 0) {
      throw tokens.unexpected("{% " + String.join(" %} or {% ", endTags) + " %}");
    }
    tokens.leave();
    return body;
  }

  /** The body after the tag whose end comes next, and the name of the tag that ends it. */
  private List<Statement> parseBlock(String... endTags) {
    // As in Python, a colon may end the line.
    tokens.skipOperator(":");
    tokens.expect(Kind.BLOCK_END);
    return parseBody(endTags);
  }

  private Statement parseStatement() {
    int line = tokens.current().line();
    String tag = tokens.expectName();
    return switch (tag) {
      case "for" -> parseFor();
      case "if" -> parseIf();
      case "set" -> parseSet();
      case "macro" -> parseMacro();
      case "call" -> parseCall();
      case "filter" -> parseFilterBlock();
      case "generation" -> {
        List<Statement> body = parseBlock("endgeneration");
        tokens.next();
        yield new Statement.Generation(body);
      }
      case "break" -> leave(tag, Statement.End.BREAK, line);
      case "continue" -> leave(tag, Statement.End.CONTINUE, line);
      default ->
          throw new JinjaUnsupportedException("the tag '" + tag + "' is not supported", line);
    };
  }

  private Statement leave(String tag, Statement.End end, int line) {
    if (loops == 0) {
      throw new JinjaUnsupportedException("'" + tag + "' outside of a loop", line);
    }
    return new Statement.Leave(end);
  }

  private Statement parseFor() {
    Target target = parseTarget(false);
    tokens.expectName("in");
    Expression items = expressions.parseTuple(false);
    Expression condition = tokens.skipName("if") ? expressions.parse() : null;
    if (tokens.current().isName("recursive")) {
      throw tokens.error("recursive loops are not supported");
    }
    loops++;
    List<Statement> body = parseBlock("endfor", "else");
    loops--;
    List<Statement> otherwise = List.of();
    if (tokens.next().text().equals("else")) {
      otherwise = parseBlock("endfor");
      tokens.next();
    }
    return new Statement.For(target, items, condition, body, otherwise);
  }

  private Statement parseIf() {
    List<Expression> conditions = new ArrayList<>();
    List<List<Statement>> bodies = new ArrayList<>();
    conditions.add(expressions.parseTuple(false));
    while (true) {
      bodies.add(parseBlock("elif", "else", "endif"));
      String tag = tokens.next().text();
      if (tag.equals("elif")) {
        conditions.add(expressions.parseTuple(false));
        continue;
      }
      if (tag.equals("else")) {
        conditions.add(TRUE);
        bodies.add(parseBlock("endif"));
        tokens.next();
      }
      return new Statement.If(conditions, bodies);
    }
  }

  private Statement parseSet() {
    Target target = parseTarget(true);
    if (tokens.skipOperator("=")) {
      return new Statement.Set(target, expressions.parseTuple(true));
    }
    return new Statement.SetBlock(target, parseCapture("endset"));
  }

  private Statement parseFilterBlock() {
    String name = tokens.expectName();
    ArgumentList arguments = expressions.parseOptionalArguments();
    Statement.Capture capture = parseCapture("endfilter");
    capture.filters().add(0, name);
    capture.with().add(0, arguments);
    return new Statement.CaptureOutput(capture);
  }

  /** Filters, then a body. */
  private Statement.Capture parseCapture(String endTag) {
    List<String> filters = new ArrayList<>();
    List<ArgumentList> arguments = new ArrayList<>();
    while (tokens.skipOperator("|")) {
      filters.add(tokens.expectName());
      arguments.add(expressions.parseOptionalArguments());
    }
    List<Statement> body = parseBlock(endTag);
    tokens.next();
    return new Statement.Capture(body, filters, arguments);
  }

  private Statement parseMacro() {
    String name = tokens.expectName();
    List<Macro.Parameter> parameters = parseParameters();
    return new Statement.Define(name, parameters, parseMacroBody("endmacro"));
  }

  private Statement parseCall() {
    List<Macro.Parameter> parameters =
        tokens.current().isOperator("(") ? parseParameters() : List.of();
    if (!(expressions.parse() instanceof Expression.Call call)) {
      throw tokens.error("expected a call of a macro");
    }
    return new Statement.CallBlock(call, parameters, parseMacroBody("endcall"));
  }

  private List<Macro.Parameter> parseParameters() {
    List<Macro.Parameter> parameters = new ArrayList<>();
    tokens.expectOperator("(");
    while (!tokens.skipOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      String parameter = tokens.expectName();
      parameters.add(
          new Macro.Parameter(parameter, tokens.skipOperator("=") ? expressions.parse() : null));
    }
    return parameters;
  }

  private List<Statement> parseMacroBody(String endTag) {
    int outerLoops = loops;
    loops = 0;
    List<Statement> body = parseBlock(endTag);
    loops = outerLoops;
    tokens.next();
    return body;
  }

  private Target parseTarget(boolean namespaces) {
    List<Target> targets = new ArrayList<>();
    targets.add(parseSingleTarget(namespaces));
    boolean tuple = false;
    while (tokens.skipOperator(",")) {
      tuple = true;
      if (!tokens.at(Kind.NAME) || tokens.current().isName("in")) {
        break;
      }
      targets.add(parseSingleTarget(namespaces));
    }
    return tuple ? new Statement.TupleTarget(targets) : targets.get(0);
  }

  private Target parseSingleTarget(boolean namespaces) {
    if (tokens.skipOperator("(")) {
      Target target = parseTarget(namespaces);
      tokens.expectOperator(")");
      return target;
    }
    Token token = tokens.current();
    String name = tokens.expectName();
    if (CONSTANTS.contains(name)) {
      throw new JinjaUnsupportedException("can't assign to '" + name + "'", token.line());
    }
    if (namespaces && tokens.skipOperator(".")) {
      return new Statement.NamespaceTarget(name, tokens.expectName());
    }
    return new Statement.NameTarget(name);
  }
}
