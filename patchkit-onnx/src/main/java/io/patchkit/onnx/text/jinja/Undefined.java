package io.patchkit.onnx.text.jinja;

/**
 * The value of what does not exist: false, empty text, an empty sequence, and an error as soon as
 * anything is done with it.
 *
 * @param message what is missing, such as {@code 'tools' is undefined}
 */
record Undefined(String message) {

  JinjaException error() {
    return new JinjaException(message);
  }

  /** All undefined values are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Undefined;
  }

  @Override
  public int hashCode() {
    return 1;
  }

  @Override
  public String toString() {
    return "";
  }
}
