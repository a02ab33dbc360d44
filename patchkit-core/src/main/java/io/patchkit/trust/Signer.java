package io.patchkit.trust;

import io.patchkit.CorruptPatchException;
import io.patchkit.Patch;
import io.patchkit.PatchkitException;
import io.patchkit.trust.UnusableKeyException.Reason;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Set;

/**
 * A private key that signs. Immutable and thread-safe; it holds a secret, and shows it through
 * {@link #toPem()} only.
 */
public final class Signer {

  private final ECPrivateKey key;
  private final VerificationKey verificationKey;

  private Signer(ECPrivateKey key, VerificationKey verificationKey) {
    this.key = key;
    this.verificationKey = verificationKey;
  }

  /** A new key on a curve, from the platform's secure random numbers. */
  public static Signer generate(Curve curve) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(curve.standardName()), new SecureRandom());
      return of((ECPrivateKey) generator.generateKeyPair().getPrivate());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java platform makes no keys on " + curve, e);
    }
  }

  /**
   * Reads a private key from PEM text, {@code -----BEGIN PRIVATE KEY-----} (PKCS #8, not
   * encrypted).
   *
   * @throws UnusableKeyException if the text is anything but one key on one of the curves
   */
  public static Signer parse(String pem) {
    byte[] der = Pem.read(Pem.PRIVATE_KEY, pem);
    try {
      return of(
          (ECPrivateKey)
              KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der)));
    } catch (GeneralSecurityException e) {
      throw new UnusableKeyException(
          Reason.ALGORITHM,
          "expected an ECDSA private key on P-256, P-384 or P-521, found another key; make one with"
              + " Signer.generate",
          e);
    }
  }

  /**
   * Reads a private key from a PEM file.
   *
   * @throws UnusableKeyException as {@link #parse}
   * @throws PatchkitException if the file cannot be read
   */
  public static Signer load(Path pem) {
    return parse(Pem.load(pem));
  }

  private static Signer of(ECPrivateKey key) throws GeneralSecurityException {
    return new Signer(key, PublicHalf.of(key));
  }

  /** The key's public half. */
  public VerificationKey verificationKey() {
    return verificationKey;
  }

  /** The private key as PEM text, PKCS #8, not encrypted: a secret. */
  public String toPem() {
    return Pem.write(Pem.PRIVATE_KEY, key.getEncoded());
  }

  /**
   * Signs a patch.
   *
   * @param files what to vouch for: every byte of every file
   * @return the bundle, to be kept beside the directory, never in it
   * @throws CorruptPatchException if the files are no valid patch
   */
  public byte[] sign(PatchFiles files) {
    String id = Patch.parse(files.contents()).id();
    return SignatureBundle.sign(Statement.of(id, files.digests()).toBytes(), this);
  }

  /** Signs a patch directory; see {@link #sign(PatchFiles)}. */
  public byte[] sign(Path patchDirectory) {
    return sign(PatchFiles.read(patchDirectory));
  }

  /**
   * Signs any directory, a base model for one, as {@code model_signing sign key} does.
   *
   * @param directory what to vouch for: every file in it, at any depth
   * @return the bundle, to be kept beside the directory
   * @throws UntrustedPatchException if the directory holds what cannot be signed: links, pipes,
   *     empty directories, names that mean different files on different systems
   * @throws PatchkitException if a file cannot be read
   */
  public byte[] signDirectory(Path directory) {
    Path name = directory.toAbsolutePath().normalize().getFileName();
    Statement statement =
        Statement.of(String.valueOf(name), DirectoryDigests.of(directory, Set.of()));
    return SignatureBundle.sign(statement.toBytes(), this);
  }

  /**
   * Signs a message of any format, which must itself say what it is: a signature for one purpose
   * must not pass for another.
   *
   * @return the DER of r and s over the message, hashed as the curve demands
   */
  public byte[] signature(byte[] message) {
    try {
      Signature signer = Signature.getInstance(verificationKey.curve().signatureAlgorithm());
      signer.initSign(key);
      signer.update(message);
      return signer.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the Java platform cannot sign with this key", e);
    }
  }

  @Override
  public String toString() {
    return "Signer[" + verificationKey + "]";
  }
}
