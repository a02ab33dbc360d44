package io.patchkit.trust;

import io.patchkit.trust.UnusableKeyException.Reason;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECPoint;
import javax.crypto.KeyAgreement;

/**
 * The public key of a private one, which PKCS #8 may leave out and the JDK does not compute.
 *
 * <p>The public point is d·G. An ECDH agreement of d with G yields its x, in the platform's
 * constant time; x leaves two candidates for y, and a signature tells which.
 */
final class PublicHalf {

  private PublicHalf() {}

  static VerificationKey of(ECPrivateKey key) throws GeneralSecurityException {
    Curve curve = curve(key);
    KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
    agreement.init(key);
    agreement.doPhase(PublicKeyInfo.key(curve, curve.parameters().getGenerator()), true);
    BigInteger x = new BigInteger(1, agreement.generateSecret());

    BigInteger prime = curve.prime();
    // The primes of all three curves are 3 mod 4.
    BigInteger root = curve.rightSide(x).modPow(prime.add(BigInteger.ONE).shiftRight(2), prime);
    byte[] message = {1};
    Signature signer = Signature.getInstance(curve.signatureAlgorithm());
    signer.initSign(key);
    signer.update(message);
    byte[] signature = signer.sign();
    for (BigInteger y : new BigInteger[] {root, prime.subtract(root)}) {
      VerificationKey candidate =
          VerificationKey.ofDer(PublicKeyInfo.write(curve, new ECPoint(x, y)));
      if (candidate.verifies(message, signature)) {
        return candidate;
      }
    }
    throw new UnusableKeyException(
        Reason.MALFORMED, "expected a private key on " + curve + ", found one that does not sign");
  }

  private static Curve curve(ECPrivateKey key) {
    for (Curve curve : Curve.values()) {
      if (curve.parameters().getOrder().equals(key.getParams().getOrder())
          && curve.parameters().getGenerator().equals(key.getParams().getGenerator())) {
        return curve;
      }
    }
    throw new UnusableKeyException(
        Reason.CURVE, "expected a private key on P-256, P-384 or P-521, found another curve");
  }
}
