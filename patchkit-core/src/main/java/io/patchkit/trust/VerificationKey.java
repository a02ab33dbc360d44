package io.patchkit.trust;

import io.patchkit.PatchkitException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import org.jspecify.annotations.Nullable;

/**
 * The public half of a signing key: an ECDSA key on one of three {@linkplain Curve curves}.
 * Immutable, thread-safe, and equal to another by its {@link #keyId()}.
 */
public final class VerificationKey {

  private final byte[] der;
  private final Curve curve;
  private final ECPublicKey key;
  private final String keyId;

  private VerificationKey(byte[] der) {
    this.der = der.clone();
    this.curve = PublicKeyInfo.curve(der);
    this.key = PublicKeyInfo.parse(der);
    this.keyId = Sha256.hex(toPem().getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * Reads a public key from PEM text, {@code -----BEGIN PUBLIC KEY-----}.
   *
   * @throws UnusableKeyException if the text is anything but one key on one of the curves in its
   *     canonical form: curve by name, point uncompressed
   */
  public static VerificationKey parse(String pem) {
    return ofDer(Pem.read(Pem.PUBLIC_KEY, pem));
  }

  /**
   * Reads a public key from a PEM file.
   *
   * @throws UnusableKeyException as {@link #parse}
   * @throws PatchkitException if the file cannot be read
   */
  public static VerificationKey load(Path pem) {
    return parse(Pem.load(pem));
  }

  static VerificationKey ofDer(byte[] subjectPublicKeyInfo) {
    return new VerificationKey(subjectPublicKeyInfo);
  }

  /**
   * The key's name everywhere: the SHA-256, in lower-case hexadecimal, of {@link #toPem()}. It is
   * the hint of Model Signing bundles.
   */
  public String keyId() {
    return keyId;
  }

  public Curve curve() {
    return curve;
  }

  /** The key as PEM text: 64 columns, line feeds, one at the end. */
  public String toPem() {
    return Pem.write(Pem.PUBLIC_KEY, der);
  }

  /**
   * Whether the signature is this key's over the message, hashed as the curve demands.
   *
   * @param signature DER of r and s in its one form; every other is no signature
   */
  public boolean verifies(byte[] message, byte[] signature) {
    if (!EcdsaSignature.isWellFormed(signature, curve)) {
      return false;
    }
    try {
      Signature verifier = Signature.getInstance(curve.signatureAlgorithm());
      verifier.initVerify(key);
      verifier.update(message);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof VerificationKey that && keyId.equals(that.keyId);
  }

  @Override
  public int hashCode() {
    return keyId.hashCode();
  }

  @Override
  public String toString() {
    return "VerificationKey[" + curve + ", " + keyId + "]";
  }
}
