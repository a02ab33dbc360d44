package io.patchkit.release;

import io.patchkit.format.AtomicFiles;
import io.patchkit.release.StoreException.Reason;
import io.patchkit.trust.UntrustedPatchException;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What installing a patch makes of its directory of signatures: each key has one bundle, the
 * newest. ECDSA gives other bytes each time that a key signs, so that bundles of one key would pile
 * up.
 *
 * @param written the new bundles by file name
 * @param superseded files of bundles by keys that have another one, and of damaged ones
 */
record SignatureUpdate(Map<String, byte[]> written, List<Path> superseded) {

  /** Bytes that are read of a file. */
  static final int MAX_BYTES = 4 << 20;

  /**
   * The update of a directory, which need not be there.
   *
   * @throws StoreException {@code TOO_MANY_SIGNATURES} if more keys would have signed than are
   *     looked at when the patch is verified
   */
  static SignatureUpdate of(Path directory, List<byte[]> bundles) throws IOException {
    Set<String> signers = new HashSet<>();
    Map<String, byte[]> written = new LinkedHashMap<>();
    for (byte[] bundle : bundles) {
      if (signers.add(signer(bundle))) {
        written.put(fileName(bundle), bundle);
      }
    }
    List<Path> superseded = new ArrayList<>();
    for (Path file : files(directory)) {
      String name = String.valueOf(file.getFileName());
      if (!written.containsKey(name)) {
        byte[] bundle = StoreLayout.readBounded(file, MAX_BYTES);
        boolean isWhole = fileName(bundle).equals(name);
        if (!isWhole || !signers.add(signer(bundle))) {
          superseded.add(file);
        }
      }
    }
    if (signers.size() > VerifiedPatch.MAX_BUNDLES) {
      throw new StoreException(
          Reason.TOO_MANY_SIGNATURES,
          "expected signatures by at most "
              + VerifiedPatch.MAX_BUNDLES
              + " keys in "
              + directory
              + ", found "
              + signers.size()
              + " with the new ones; install the patch with fewer, or have it collected before");
    }
    return new SignatureUpdate(written, superseded);
  }

  /** The files of bundles in a directory, sorted; none if there is no directory. */
  static List<Path> files(Path directory) throws IOException {
    List<Path> files = new ArrayList<>();
    if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      try (DirectoryStream<Path> content = Files.newDirectoryStream(directory, "*.sig")) {
        content.forEach(files::add);
      }
    }
    Collections.sort(files);
    return files;
  }

  /** New bundles come before old ones go, so that no crash leaves a key without one. */
  void apply(Path directory) throws IOException {
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      AtomicFiles.writeDirectory(directory, written);
      return;
    }
    for (Map.Entry<String, byte[]> bundle : written.entrySet()) {
      AtomicFiles.writeFile(directory.resolve(bundle.getKey()), bundle.getValue());
    }
    for (Path file : superseded) {
      Files.deleteIfExists(file);
    }
  }

  private static String fileName(byte[] bundle) {
    return Digest.of(bundle) + ".sig";
  }

  /** The key that a bundle names; what is no bundle stands for itself. */
  static String signer(byte[] bundle) {
    try {
      return VerifiedPatch.keyIdOf(bundle);
    } catch (UntrustedPatchException e) {
      return fileName(bundle);
    }
  }
}
