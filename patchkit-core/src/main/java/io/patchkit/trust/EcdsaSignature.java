package io.patchkit.trust;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * The one DER form of an ECDSA signature (RFC 3279, section 2.2.3): a sequence of the integers r
 * and s, each from 1 to the order less one, no byte more than needed.
 */
final class EcdsaSignature {

  private static final int SEQUENCE = 0x30;
  private static final int INTEGER = 0x02;

  private final byte[] der;
  private int position;

  private EcdsaSignature(byte[] der) {
    this.der = der;
  }

  /** Whether the bytes are that form; the platform's verifier is never shown others. */
  static boolean isWellFormed(byte[] der, Curve curve) {
    EcdsaSignature reader = new EcdsaSignature(der);
    BigInteger order = curve.parameters().getOrder();
    return reader.length(SEQUENCE) == der.length - reader.position
        && reader.isInteger(order)
        && reader.isInteger(order)
        && reader.position == der.length;
  }

  private boolean isInteger(BigInteger order) {
    int length = length(INTEGER);
    if (length < 1 || length > der.length - position) {
      return false;
    }
    byte[] bytes = Arrays.copyOfRange(der, position, position + length);
    position += length;
    BigInteger value = new BigInteger(bytes);
    return value.signum() > 0
        && value.compareTo(order) < 0
        && value.toByteArray().length == bytes.length;
  }

  /** The length after a tag, in its shortest form of one or two bytes; -1 for anything else. */
  private int length(int tag) {
    if (position + 2 > der.length || der[position] != tag) {
      return -1;
    }
    int first = der[position + 1] & 0xff;
    position += 2;
    if (first < 0x80) {
      return first;
    }
    if (first != 0x81 || position == der.length) {
      return -1;
    }
    int second = der[position++] & 0xff;
    return second < 0x80 ? -1 : second;
  }
}
