package io.patchkit.onnx.text.jinja;

/** A function that a template can call, such as {@code raise_exception}. */
@FunctionalInterface
public interface JinjaFunction {

  /**
   * Computes the value of a call.
   *
   * @return a {@link String}, {@link Boolean}, {@link Long}, {@link Double}, list or map
   * @throws JinjaException if the arguments do not fit
   */
  Object call(Arguments arguments);
}
