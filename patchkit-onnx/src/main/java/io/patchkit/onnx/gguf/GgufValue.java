package io.patchkit.onnx.gguf;

import java.util.List;

/**
 * A metadata value; the integer kinds of the file are one kind here, and so are the float kinds.
 */
sealed interface GgufValue {

  record Whole(long value) implements GgufValue {}

  record Real(double value) implements GgufValue {}

  record Flag(boolean value) implements GgufValue {}

  record Text(String value) implements GgufValue {}

  record Wholes(List<Long> values) implements GgufValue {
    public Wholes {
      values = List.copyOf(values);
    }
  }

  record Reals(List<Double> values) implements GgufValue {
    public Reals {
      values = List.copyOf(values);
    }
  }

  record Flags(List<Boolean> values) implements GgufValue {
    public Flags {
      values = List.copyOf(values);
    }
  }

  record Texts(List<String> values) implements GgufValue {
    public Texts {
      values = List.copyOf(values);
    }
  }

  /** The kind as messages name it. */
  default String kind() {
    if (this instanceof Whole) {
      return "an integer";
    } else if (this instanceof Real) {
      return "a float";
    } else if (this instanceof Flag) {
      return "a bool";
    } else if (this instanceof Text) {
      return "a string";
    } else if (this instanceof Wholes) {
      return "an array of integers";
    } else if (this instanceof Reals) {
      return "an array of floats";
    } else if (this instanceof Flags) {
      return "an array of bools";
    } else {
      return "an array of strings";
    }
  }
}
