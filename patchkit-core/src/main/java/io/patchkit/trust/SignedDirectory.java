package io.patchkit.trust;

import io.patchkit.PatchkitException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Set;
import java.util.SortedMap;

/**
 * A directory of any content whose every file a key has signed: what {@code model_signing verify
 * key} checks, more strictly. It says what the files were when they were read; who loads them
 * afterwards must know that nobody else can write there, or load a {@link VerifiedPatch}, which
 * holds the bytes.
 *
 * @param subject what the signer calls the directory; informs, proves nothing
 * @param digests SHA-256 in lower-case hexadecimal by relative name
 */
public record SignedDirectory(String subject, SortedMap<String, String> digests) {

  /** Bytes of a bundle; each file of the directory takes about 250. */
  public static final int MAX_BUNDLE_BYTES = 32 << 20;

  public SignedDirectory {
    digests = Collections.unmodifiableSortedMap(digests);
  }

  /**
   * Verifies that the directory holds exactly what the key signed.
   *
   * @param directory what was signed
   * @param bundle the signature bundle; it may lie in the directory
   * @param key who must have signed
   * @throws UntrustedPatchException if the bundle is malformed, was made by another key, or the
   *     directory has other files: hidden ones and those of git count
   * @throws PatchkitException if a file cannot be read
   */
  public static SignedDirectory verify(Path directory, Path bundle, VerificationKey key) {
    byte[] bytes = SignatureBundle.load(bundle, MAX_BUNDLE_BYTES);
    SignatureBundle signed = SignatureBundle.parse(bytes, MAX_BUNDLE_BYTES);
    Endorsements.requireKey(signed, key);
    Set<String> except = nameIn(directory, bundle);
    Statement statement = Statement.parse(signed.payload(key), except);
    statement.requireExactly(DirectoryDigests.of(directory, except));
    return new SignedDirectory(statement.subject(), statement.digests());
  }

  /** The bundle's own name, if it lies in the directory that it signs. */
  private static Set<String> nameIn(Path directory, Path bundle) {
    Path root = directory.toAbsolutePath().normalize();
    Path file = bundle.toAbsolutePath().normalize();
    if (!file.startsWith(root) || file.equals(root)) {
      return Set.of();
    }
    String separator = root.getFileSystem().getSeparator();
    return Set.of(root.relativize(file).toString().replace(separator, "/"));
  }
}
