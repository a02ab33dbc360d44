package io.patchkit.onnx.text.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A parsed template. Immutable and thread-safe. */
public final class JinjaTemplate {

  private static final int MAX_SOURCE = 1 << 20;

  private static final String TOO_DEEP = "the template's expressions are nested too deeply";

  private final List<Statement> body;

  private JinjaTemplate(List<Statement> body) {
    this.body = body;
  }

  /**
   * Parses a template.
   *
   * @throws JinjaUnsupportedException if it is not a template or uses what is not supported
   */
  public static JinjaTemplate parse(String source) {
    if (source.length() > MAX_SOURCE) {
      throw new JinjaUnsupportedException(
          "the template has " + source.length() + " characters; expected at most " + MAX_SOURCE, 0);
    }
    try {
      return new JinjaTemplate(new Parser(Lexer.tokenize(source)).parseTemplate());
    } catch (StackOverflowError e) {
      throw new JinjaLimitException(TOO_DEEP);
    }
  }

  /**
   * The text of the template with these variables.
   *
   * @param variables strings, numbers, booleans, null, lists, maps and {@link JinjaFunction}s by
   *     name; numbers are integers or doubles
   * @throws JinjaException if an expression fails on these values
   */
  public String render(Map<String, ? extends @Nullable Object> variables) {
    Scope builtIn = new Scope(null);
    Scope given = new Scope(builtIn);
    long characters = 0;
    for (Map.Entry<String, ? extends @Nullable Object> variable : variables.entrySet()) {
      Object value = Values.of(variable.getValue());
      given.set(variable.getKey(), value);
      characters += Values.characters(value);
    }
    Rendering rendering = new Rendering(characters);
    builtIn.set("range", (JinjaFunction) arguments -> Values.range(arguments, rendering));
    builtIn.set("namespace", (JinjaFunction) Namespace::of);
    builtIn.set("dict", (JinjaFunction) Values::dict);
    try {
      Statement.executeAll(body, new Scope(given), rendering);
    } catch (StackOverflowError e) {
      throw new JinjaLimitException(TOO_DEEP);
    }
    return rendering.output();
  }
}
