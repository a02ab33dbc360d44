package io.patchkit.onnx.text.jinja;

import java.util.List;

/**
 * What filters such as {@code selectattr} and {@code map} return: always true, without a length, to
 * be run through once.
 */
final class Generator {

  private List<Object> rest;

  Generator(List<Object> items) {
    this.rest = items;
  }

  List<Object> drain() {
    List<Object> drained = rest;
    rest = List.of();
    return drained;
  }
}
