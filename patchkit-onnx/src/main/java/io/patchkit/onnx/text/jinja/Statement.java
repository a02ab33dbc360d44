package io.patchkit.onnx.text.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What writes text or changes variables. */
sealed interface Statement {

  /** How a statement ended: with {@code break} or {@code continue} on its way or without. */
  enum End {
    NORMAL,
    BREAK,
    CONTINUE
  }

  End execute(Scope scope, Rendering rendering);

  static End executeAll(List<Statement> statements, Scope scope, Rendering rendering) {
    for (Statement statement : statements) {
      End end = statement.execute(scope, rendering);
      if (end != End.NORMAL) {
        return end;
      }
    }
    return End.NORMAL;
  }

  /** Notes the line of the template on an exception that passes. */
  record Located(int line, Statement statement) implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      try {
        return statement.execute(scope, rendering);
      } catch (JinjaException e) {
        e.at(line);
        throw e;
      }
    }
  }

  /** Text outside of tags. */
  record Data(String text) implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      rendering.write(text);
      return End.NORMAL;
    }
  }

  /** {@code {{ value }}}. */
  record Output(Expression value) implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      rendering.write(Values.text(value.evaluate(scope, rendering), rendering));
      return End.NORMAL;
    }
  }

  /** Conditions with their bodies in order; the last condition is true for an else. */
  record If(List<Expression> conditions, List<List<Statement>> bodies) implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      rendering.charge(1);
      for (int i = 0; i < conditions.size(); i++) {
        if (Values.isTrue(conditions.get(i).evaluate(scope, rendering))) {
          return executeAll(bodies.get(i), scope, rendering);
        }
      }
      return End.NORMAL;
    }
  }

  /**
   * A loop. Its variables, and what its body sets, are gone after each turn.
   *
   * @param condition which items take part; null for all
   * @param otherwise what to do if none does
   */
  record For(
      Target target,
      Expression items,
      @Nullable Expression condition,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      List<Object> taking = takePart(scope, rendering);
      if (taking.isEmpty()) {
        return executeAll(otherwise, new Scope(scope), rendering);
      }
      Loop loop = new Loop(taking, rendering);
      for (int i = 0; i < taking.size(); i++) {
        Scope turn = new Scope(scope);
        loop.moveTo(i);
        turn.set("loop", loop);
        target.assign(taking.get(i), turn);
        if (executeAll(body, turn, rendering) == End.BREAK) {
          break;
        }
      }
      return End.NORMAL;
    }

    private List<Object> takePart(Scope scope, Rendering rendering) {
      List<Object> all = Values.items(items.evaluate(scope, rendering));
      rendering.charge(1L + all.size());
      if (condition == null) {
        return all;
      }
      List<Object> taking = new ArrayList<>();
      for (Object item : all) {
        Scope turn = new Scope(scope);
        target.assign(item, turn);
        if (Values.isTrue(condition.evaluate(turn, rendering))) {
          taking.add(item);
        }
      }
      return taking;
    }
  }

  record Leave(End end) implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      return end;
    }
  }

  /** {@code set target = value}. */
  record Set(Target target, Expression value) implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      target.assign(value.evaluate(scope, rendering), scope);
      return End.NORMAL;
    }
  }

  /** {@code set target}, with filters or without, up to {@code endset}. */
  record SetBlock(Target target, Capture value) implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      target.assign(value.evaluate(scope, rendering), scope);
      return End.NORMAL;
    }
  }

  /** {@code filter name}: writes what the filters make of a body. */
  record CaptureOutput(Capture value) implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      rendering.write(Values.text(value.evaluate(scope, rendering), rendering));
      return End.NORMAL;
    }
  }

  /** What filters make of the text that a body writes. */
  record Capture(List<Statement> body, List<String> filters, List<Expression.ArgumentList> with) {
    Object evaluate(Scope scope, Rendering rendering) {
      Object value = rendering.capture(() -> executeAll(body, new Scope(scope), rendering));
      for (int i = 0; i < filters.size(); i++) {
        Arguments arguments = with.get(i).evaluate(scope, rendering);
        value = Filters.apply(filters.get(i), value, arguments, rendering);
      }
      return value;
    }
  }

  record Define(String name, List<Macro.Parameter> parameters, List<Statement> body)
      implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      scope.set(name, new Macro(name, parameters, body, scope));
      return End.NORMAL;
    }
  }

  /** {@code call macro(…)}: the macro can write the body by calling {@code caller()}. */
  record CallBlock(Expression.Call call, List<Macro.Parameter> parameters, List<Statement> body)
      implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      Macro caller = new Macro(Macro.CALLER, parameters, body, scope);
      Expression withCaller =
          new Expression.Call(
              call.callee(), call.arguments().with(Macro.CALLER, new Expression.Constant(caller)));
      return new Output(withCaller).execute(scope, rendering);
    }
  }

  /** {@code generation}, which transformers uses to mark the text of the assistant. */
  record Generation(List<Statement> body) implements Statement {
    @Override
    public End execute(Scope scope, Rendering rendering) {
      return executeAll(body, new Scope(scope), rendering);
    }
  }

  /** What can be assigned to. */
  sealed interface Target {
    void assign(Object value, Scope scope);
  }

  record NameTarget(String name) implements Target {
    @Override
    public void assign(Object value, Scope scope) {
      scope.set(name, value);
    }
  }

  /** {@code namespace.attribute}. */
  record NamespaceTarget(String namespace, String attribute) implements Target {
    @Override
    public void assign(Object value, Scope scope) {
      Object holder = scope.get(namespace);
      if (!(holder instanceof Namespace attributes)) {
        throw new JinjaException("cannot assign attribute on non-namespace object");
      }
      attributes.set(attribute, value);
    }
  }

  record TupleTarget(List<Target> targets) implements Target {
    @Override
    public void assign(Object value, Scope scope) {
      List<Object> items = Values.items(value);
      if (items.size() != targets.size()) {
        throw new JinjaException(
            "expected " + targets.size() + " values to unpack, found " + items.size());
      }
      for (int i = 0; i < items.size(); i++) {
        targets.get(i).assign(items.get(i), scope);
      }
    }
  }
}
