package io.patchkit.onnx.text.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A {@code macro} with the scope it was defined in. */
final class Macro {

  /**
   * A parameter of a macro.
   *
   * @param byDefault what it is without an argument, or null for undefined
   */
  record Parameter(String name, @Nullable Expression byDefault) {
    /** Its value in a call without it. */
    Object missing(Scope scope, Rendering rendering) {
      return byDefault == null
          ? new Undefined("parameter '" + name + "' was not provided")
          : byDefault.evaluate(scope, rendering);
    }
  }

  /** The name under which a macro finds the body of the {@code call} it is called by. */
  static final String CALLER = "caller";

  private final String name;
  private final List<Parameter> parameters;
  private final List<Statement> body;
  private final Scope definedIn;

  Macro(String name, List<Parameter> parameters, List<Statement> body, Scope definedIn) {
    this.name = name;
    this.parameters = parameters;
    this.body = body;
    this.definedIn = definedIn;
  }

  /** The text that the body writes. */
  String call(Arguments arguments, Rendering rendering) {
    String[] names = parameters.stream().map(Parameter::name).toArray(String[]::new);
    Scope scope = new Scope(definedIn);
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    Object caller = named.remove(CALLER);
    scope.set(CALLER, caller == null ? new Undefined("No caller defined") : caller);
    Arguments.Bound bound =
        new Arguments(arguments.positional(), named).bind("macro " + name, 0, names);
    return rendering.call(
        () -> {
          for (int i = 0; i < names.length; i++) {
            // A parameter is no part of its own default.
            scope.set(names[i], new Undefined("'" + names[i] + "' is undefined"));
            boolean given = bound.isGiven(i);
            Parameter parameter = parameters.get(i);
            scope.set(names[i], given ? bound.require(i) : parameter.missing(scope, rendering));
          }
          Statement.executeAll(body, scope, rendering);
        });
  }
}
