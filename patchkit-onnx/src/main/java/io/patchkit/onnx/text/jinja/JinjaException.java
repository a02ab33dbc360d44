package io.patchkit.onnx.text.jinja;

/**
 * A template that cannot be rendered with the values it was given, or the template's own {@code
 * raise_exception}.
 */
public class JinjaException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** From 1; 0 while unknown. */
  private int line;

  public JinjaException(String message) {
    super(message);
  }

  /** The line of the template, from 1; 0 if unknown. */
  public int line() {
    return line;
  }

  /** Notes where it happened, unless that is known already. */
  void at(int templateLine) {
    if (line == 0) {
      line = templateLine;
    }
  }
}
