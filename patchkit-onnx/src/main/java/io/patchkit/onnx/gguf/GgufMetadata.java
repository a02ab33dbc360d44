package io.patchkit.onnx.gguf;

import io.patchkit.CorruptModelException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The metadata of a checkpoint, read by key and kind. Immutable. */
final class GgufMetadata {

  private final Map<String, GgufValue> values;

  GgufMetadata(Map<String, GgufValue> values) {
    this.values = Map.copyOf(values);
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  String requireText(String key) {
    String value = text(key);
    if (value == null) {
      throw missing(key);
    }
    return value;
  }

  @Nullable String text(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      return null;
    } else if (value instanceof GgufValue.Text text) {
      return text.value();
    }
    throw wrongKind(key, value, "a string");
  }

  @Nullable Long whole(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      return null;
    } else if (value instanceof GgufValue.Whole whole) {
      return whole.value();
    }
    throw wrongKind(key, value, "one integer");
  }

  /** An integer in {@code [least, most]}. */
  int requireInt(String key, int least, int most) {
    if (!has(key)) {
      throw missing(key);
    }
    return intOr(key, least, least, most);
  }

  /** An integer in {@code [least, most]}, or {@code absent} where the key is missing. */
  int intOr(String key, int absent, int least, int most) {
    GgufValue value = values.get(key);
    if (value == null) {
      return absent;
    } else if (value instanceof GgufValue.Whole whole) {
      return bounded(key, whole.value(), least, most);
    } else if (value instanceof GgufValue.Wholes wholes && isUniform(wholes.values())) {
      // Some writers give a per-layer array even where all layers agree.
      return bounded(key, wholes.values().get(0), least, most);
    }
    throw wrongKind(key, value, "one integer");
  }

  /** A finite float, or {@code absent} where the key is missing. */
  float floatOr(String key, float absent) {
    GgufValue value = values.get(key);
    if (value == null) {
      return absent;
    } else if (value instanceof GgufValue.Real real) {
      if (!Double.isFinite(real.value())) {
        throw new CorruptModelException("metadata " + key + " is " + real.value());
      }
      return (float) real.value();
    }
    throw wrongKind(key, value, "a float");
  }

  /** A finite float above zero. */
  float requirePositive(String key) {
    if (!has(key)) {
      throw missing(key);
    }
    return positiveOr(key, 1);
  }

  /** A finite float above zero, or {@code absent} where the key is missing. */
  float positiveOr(String key, float absent) {
    float value = floatOr(key, absent);
    if (!(value > 0)) {
      throw new CorruptModelException("metadata " + key + " is " + value + "; allowed: above 0");
    }
    return value;
  }

  boolean flagOr(String key, boolean absent) {
    GgufValue value = values.get(key);
    if (value == null) {
      return absent;
    } else if (value instanceof GgufValue.Flag flag) {
      return flag.value();
    }
    throw wrongKind(key, value, "a bool");
  }

  List<String> requireTexts(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      throw missing(key);
    } else if (value instanceof GgufValue.Texts texts) {
      return texts.values();
    }
    throw wrongKind(key, value, "an array of strings");
  }

  @Nullable List<Long> wholes(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      return null;
    } else if (value instanceof GgufValue.Wholes wholes) {
      return wholes.values();
    }
    throw wrongKind(key, value, "an array of integers");
  }

  @Nullable List<Double> reals(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      return null;
    } else if (value instanceof GgufValue.Reals reals) {
      return reals.values();
    }
    throw wrongKind(key, value, "an array of floats");
  }

  private static boolean isUniform(List<Long> values) {
    for (Long value : values) {
      if (!value.equals(values.get(0))) {
        return false;
      }
    }
    return !values.isEmpty();
  }

  private static int bounded(String key, long value, int least, int most) {
    if (value < least || value > most) {
      throw new CorruptModelException(
          "metadata " + key + " is " + value + "; allowed: " + least + " to " + most);
    }
    return (int) value;
  }

  private static CorruptModelException missing(String key) {
    return new CorruptModelException(
        "metadata " + key + " is missing; a llama checkpoint of llama.cpp's converter has it");
  }

  private static CorruptModelException wrongKind(String key, GgufValue found, String expected) {
    return new CorruptModelException(
        "metadata " + key + " is " + found.kind() + "; expected " + expected);
  }
}
