package io.patchkit.format;

import java.math.BigInteger;

/**
 * A JSON number without fraction and exponent, exact.
 *
 * <p>Unbounded because configuration files of the field hold integers beyond 64 bits, such as
 * {@code "model_max_length": 1000000000000000019884624838656}.
 */
public record JsonInteger(BigInteger value) implements JsonValue {

  public static JsonInteger of(long value) {
    return new JsonInteger(BigInteger.valueOf(value));
  }
}
