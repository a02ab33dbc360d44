package io.patchkit.trust;

import io.patchkit.Patch;
import io.patchkit.PatchkitException;
import io.patchkit.trust.UntrustedPatchException.Code;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A patch of which every byte was signed by keys that a policy trusts. There is no other way to
 * make one than {@link #verify}. Immutable and thread-safe.
 */
public final class VerifiedPatch {

  /** Bundles that are looked at; a policy that demands more signers is beyond this library. */
  public static final int MAX_BUNDLES = 32;

  /** Bytes of a bundle; five files need two thousand. */
  public static final int MAX_BUNDLE_BYTES = 64 << 10;

  private final Patch patch;
  private final PatchFiles files;
  private final List<byte[]> bundles;
  private final List<TrustedKey> signers;

  private VerifiedPatch(
      Patch patch, PatchFiles files, List<byte[]> bundles, List<TrustedKey> signers) {
    this.patch = patch;
    this.files = files;
    this.bundles = bundles;
    this.signers = signers;
  }

  /**
   * Verifies a patch directory, and reads it only then.
   *
   * @param patchDirectory what was signed; the bundles are not in it
   * @param bundles the files of the signature bundles
   * @param policy who is trusted
   * @param clock against which the validity of keys is held
   * @throws UntrustedPatchException if the directory is not what enough trusted keys signed, or is
   *     no well-formed patch
   * @throws PatchkitException if a file cannot be read
   */
  public static VerifiedPatch verify(
      Path patchDirectory, List<Path> bundles, TrustPolicy policy, Clock clock) {
    requireCount(bundles.size());
    List<byte[]> contents = new ArrayList<>();
    for (Path bundle : bundles) {
      contents.add(SignatureBundle.load(bundle, MAX_BUNDLE_BYTES));
    }
    return verify(PatchFiles.read(patchDirectory), contents, policy, clock);
  }

  /**
   * Verifies the files of a patch that are in memory, and interprets them only then.
   *
   * @throws UntrustedPatchException as {@link #verify(Path, List, TrustPolicy, Clock)}
   */
  public static VerifiedPatch verify(
      PatchFiles files, List<byte[]> bundles, TrustPolicy policy, Clock clock) {
    requireCount(bundles.size());
    Endorsements endorsements = new Endorsements(policy, clock.instant());
    List<byte[]> trustedBundles = new ArrayList<>();
    for (byte[] bytes : bundles) {
      SignatureBundle bundle = SignatureBundle.parse(bytes, MAX_BUNDLE_BYTES);
      TrustedKey trusted = endorsements.eligible(bundle.keyId());
      if (trusted != null) {
        Statement statement = Statement.parse(bundle.payload(trusted.key()), Set.of());
        requireSame(statement, files);
        endorsements.add(trusted);
        trustedBundles.add(bytes.clone());
      }
    }
    endorsements.requireEnough();

    Patch patch = VerifiedContent.parse(files);
    endorsements.requireScope(patch.manifest().name());
    endorsements.requireEnough();
    VerifiedContent.requireMeets(patch, policy);
    return new VerifiedPatch(patch, files, trustedBundles, endorsements.counted());
  }

  /**
   * The id of the key that a bundle names. Nothing is verified: another key may have made it.
   *
   * @throws UntrustedPatchException if it is no bundle
   */
  public static String keyIdOf(byte[] bundle) {
    return SignatureBundle.parse(bundle, MAX_BUNDLE_BYTES).keyId();
  }

  private static void requireCount(int bundles) {
    if (bundles == 0) {
      throw new UntrustedPatchException(
          Code.UNSIGNED, "expected at least one signature bundle, found none");
    }
    if (bundles > MAX_BUNDLES) {
      throw new UntrustedPatchException(
          Code.TOO_MANY_BUNDLES,
          "expected at most " + MAX_BUNDLES + " signature bundles, found " + bundles);
    }
  }

  /** Tells a bundle that belongs to another patch from files that were changed. */
  private static void requireSame(Statement statement, PatchFiles files) {
    String signed = statement.digests().get(PatchFiles.MANIFEST);
    if (signed != null && !signed.equals(files.identity())) {
      throw new UntrustedPatchException(
          Code.ANOTHER_PATCH,
          "the signature is that of patch "
              + signed
              + " ("
              + ResourceName.quote(statement.subject())
              + "), found patch "
              + files.identity()
              + ": either the bundle belongs elsewhere, or "
              + PatchFiles.MANIFEST
              + " was changed");
    }
    statement.requireExactly(files.digests());
  }

  public Patch patch() {
    return patch;
  }

  /** SHA-256 of {@code patch.json}, lower-case hexadecimal. */
  public String identity() {
    return files.identity();
  }

  /** The verified bytes. */
  public PatchFiles files() {
    return files;
  }

  /** Copies of the bundles by keys of the keyring, in the order in which they were given. */
  public List<byte[]> bundles() {
    List<byte[]> copies = new ArrayList<>();
    bundles.forEach(bundle -> copies.add(bundle.clone()));
    return copies;
  }

  /** The keys that count, in the order of their bundles. */
  public List<TrustedKey> signers() {
    return signers;
  }

  @Override
  public String toString() {
    return "VerifiedPatch[" + patch.id() + ", " + identity() + "]";
  }
}
