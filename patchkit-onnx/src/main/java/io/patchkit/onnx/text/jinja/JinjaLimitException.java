package io.patchkit.onnx.text.jinja;

/** A template that would do more work or make more text than any chat template needs. */
public final class JinjaLimitException extends JinjaException {

  private static final long serialVersionUID = 1L;

  JinjaLimitException(String message) {
    super(message);
  }
}
