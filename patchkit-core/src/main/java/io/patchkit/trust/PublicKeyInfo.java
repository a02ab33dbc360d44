package io.patchkit.trust;

import io.patchkit.trust.UnusableKeyException.Reason;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The DER of a public key (RFC 5480, SubjectPublicKeyInfo) on one of the three curves. A key has
 * exactly one form here, named curve and uncompressed point, so that it has exactly one key id.
 */
final class PublicKeyInfo {

  private static final HexFormat HEX = HexFormat.of();

  /** The object identifier id-ecPublicKey with its tag and length. */
  private static final String EC_PUBLIC_KEY = "06072a8648ce3d0201";

  private PublicKeyInfo() {}

  /** Everything before the coordinates: algorithm, curve, and the mark of an uncompressed point. */
  private static byte[] header(Curve curve) {
    return HEX.parseHex(
        switch (curve) {
          case P256 -> "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
          case P384 -> "3076301006072a8648ce3d020106052b8104002203620004";
          case P521 -> "30819b301006072a8648ce3d020106052b810400230381860004";
        });
  }

  private static String curveIdentifier(Curve curve) {
    return switch (curve) {
      case P256 -> "06082a8648ce3d030107";
      case P384 -> "06052b81040022";
      case P521 -> "06052b81040023";
    };
  }

  /** The curve of a key in its canonical form. */
  static Curve curve(byte[] der) {
    for (Curve curve : Curve.values()) {
      byte[] header = header(curve);
      if (der.length == header.length + 2 * curve.coordinateBytes()
          && Arrays.equals(header, 0, header.length, der, 0, header.length)) {
        return curve;
      }
    }
    throw notCanonical(HEX.formatHex(der));
  }

  private static UnusableKeyException notCanonical(String hex) {
    if (!hex.contains(EC_PUBLIC_KEY)) {
      return new UnusableKeyException(
          Reason.ALGORITHM,
          "expected an ECDSA public key, found a key of another algorithm; make one with Signer or"
              + " openssl ecparam -name prime256v1 -genkey");
    }
    for (Curve curve : Curve.values()) {
      if (hex.contains(curveIdentifier(curve))) {
        return new UnusableKeyException(
            Reason.NOT_CANONICAL,
            "expected the "
                + curve
                + " key as an uncompressed point and nothing else, found another form; convert it"
                + " with openssl ec -pubin -pubout -conv_form uncompressed");
      }
    }
    return new UnusableKeyException(
        Reason.CURVE, "expected a key on P-256, P-384 or P-521 by name, found another curve");
  }

  /** Reads a key and checks that its point lies on the curve; the cofactor of all three is 1. */
  static ECPublicKey parse(byte[] der) {
    Curve curve = curve(der);
    int length = curve.coordinateBytes();
    int begin = der.length - 2 * length;
    BigInteger x = new BigInteger(1, Arrays.copyOfRange(der, begin, begin + length));
    BigInteger y = new BigInteger(1, Arrays.copyOfRange(der, begin + length, der.length));
    if (!curve.holds(x, y)) {
      throw new UnusableKeyException(
          Reason.MALFORMED, "expected a point of the curve " + curve + ", found one beside it");
    }
    return key(curve, new ECPoint(x, y));
  }

  static ECPublicKey key(Curve curve, ECPoint point) {
    try {
      return (ECPublicKey)
          KeyFactory.getInstance("EC")
              .generatePublic(new ECPublicKeySpec(point, curve.parameters()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java platform has no keys on " + curve, e);
    }
  }

  static byte[] write(Curve curve, ECPoint point) {
    byte[] header = header(curve);
    int length = curve.coordinateBytes();
    byte[] der = Arrays.copyOf(header, header.length + 2 * length);
    putUnsigned(der, header.length, length, point.getAffineX());
    putUnsigned(der, header.length + length, length, point.getAffineY());
    return der;
  }

  private static void putUnsigned(byte[] target, int begin, int length, BigInteger value) {
    byte[] bytes = value.toByteArray();
    int skip = Math.max(0, bytes.length - length);
    System.arraycopy(
        bytes, skip, target, begin + length - (bytes.length - skip), bytes.length - skip);
  }
}
