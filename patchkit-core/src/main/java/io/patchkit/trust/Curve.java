package io.patchkit.trust;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.EllipticCurve;

/** The curves of OpenSSF Model Signing v1.0, each with the hash that its signatures use. */
public enum Curve {
  /** NIST P-256 with SHA-256; what to use unless somebody demands another. */
  P256("secp256r1", 32, "SHA256withECDSA"),
  /** NIST P-384 with SHA-384. */
  P384("secp384r1", 48, "SHA384withECDSA"),
  /** NIST P-521 with SHA-512. */
  P521("secp521r1", 66, "SHA512withECDSA");

  private final String standardName;
  private final int coordinateBytes;
  private final String signatureAlgorithm;

  // The class has no setters; it is just not annotated as immutable.
  @SuppressWarnings("ImmutableEnumChecker")
  private final ECParameterSpec parameters;

  Curve(String standardName, int coordinateBytes, String signatureAlgorithm) {
    this.standardName = standardName;
    this.coordinateBytes = coordinateBytes;
    this.signatureAlgorithm = signatureAlgorithm;
    this.parameters = parameters(standardName);
  }

  private static ECParameterSpec parameters(String standardName) {
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
      parameters.init(new ECGenParameterSpec(standardName));
      return parameters.getParameterSpec(ECParameterSpec.class);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java platform has no curve " + standardName, e);
    }
  }

  /** The curve's name in SEC 2. */
  String standardName() {
    return standardName;
  }

  int coordinateBytes() {
    return coordinateBytes;
  }

  /** The JDK's name of the signature algorithm. */
  String signatureAlgorithm() {
    return signatureAlgorithm;
  }

  ECParameterSpec parameters() {
    return parameters;
  }

  /** The prime of the field. */
  BigInteger prime() {
    return ((ECFieldFp) parameters().getCurve().getField()).getP();
  }

  /** x³ + ax + b mod p. */
  BigInteger rightSide(BigInteger x) {
    EllipticCurve equation = parameters().getCurve();
    return x.pow(3).add(equation.getA().multiply(x)).add(equation.getB()).mod(prime());
  }

  /** Whether the point is one of the curve, its coordinates reduced. */
  boolean holds(BigInteger x, BigInteger y) {
    BigInteger prime = prime();
    return x.compareTo(prime) < 0
        && y.compareTo(prime) < 0
        && y.pow(2).mod(prime).equals(rightSide(x));
  }
}
