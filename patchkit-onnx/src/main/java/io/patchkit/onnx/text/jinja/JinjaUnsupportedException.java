package io.patchkit.onnx.text.jinja;

/** A template that is not Jinja, or that uses a construct beyond the supported ones. */
public final class JinjaUnsupportedException extends JinjaException {

  private static final long serialVersionUID = 1L;

  JinjaUnsupportedException(String message) {
    super(message);
  }

  JinjaUnsupportedException(String message, int line) {
    super(message);
    at(line);
  }
}
