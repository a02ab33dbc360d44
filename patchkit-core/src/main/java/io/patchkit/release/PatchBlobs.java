package io.patchkit.release;

import io.patchkit.format.AtomicFiles;
import io.patchkit.release.InstalledPatch.StoredFile;
import io.patchkit.release.StoreException.Reason;
import io.patchkit.release.StoreLayout.NotAFileException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a store's patches: {@code blobs/sha256/HEX} and {@code sigs/PATCH/HEX.sig}. A patch
 * is installed when its directory of signatures is there, which appears last and in one step.
 *
 * <p>Methods that write are for the holder of the lock. Reading takes no lock, and every byte is
 * held against its digest.
 */
final class PatchBlobs {

  private static final System.Logger LOG = System.getLogger(PatchBlobs.class.getName());

  private static final int MAX_MANIFEST_BYTES = 256 << 10;
  private static final int MAX_BLOB_BYTES = 256 << 20;

  /** Room for records and directories beside the patch's own bytes. */
  private static final long SPARE_BYTES = 64 << 10;

  private final StoreLayout layout;

  PatchBlobs(StoreLayout layout) {
    this.layout = layout;
  }

  /**
   * Puts a patch in. Of one that is in, the files are mended and each key keeps one bundle. If that
   * fails, blobs that were not there before are taken away again, unless the patch is in
   * nevertheless.
   *
   * @param files all files of the patch by name, {@code patch.json} among them
   * @param signatures the bundles that sign it, at least one
   * @throws StoreException {@code TOO_MANY_SIGNATURES}, {@code NO_SPACE}
   */
  void put(Digest patch, Map<String, byte[]> files, List<byte[]> signatures) throws IOException {
    Path directory = layout.signatures.resolve(patch.hex());
    SignatureUpdate update = SignatureUpdate.of(directory, signatures);
    requireSpace(files.values(), signatures);
    List<Path> written = new ArrayList<>();
    try {
      for (byte[] content : files.values()) {
        putBlob(content, written);
      }
      update.apply(directory);
    } catch (IOException | RuntimeException e) {
      // What failed last may have been to confirm that the patch is in.
      if (!has(patch)) {
        for (Path blob : written) {
          deleteAfter(e, blob);
        }
      }
      throw e;
    }
  }

  private void putBlob(byte[] content, List<Path> written) throws IOException {
    Path blob = blob(Digest.of(content));
    if (Files.exists(blob, LinkOption.NOFOLLOW_LINKS)) {
      try {
        readBlob(Digest.of(content), content.length);
        return;
      } catch (IOException | StoreException damaged) {
        LOG.log(System.Logger.Level.WARNING, "replacing a damaged blob: " + damaged.getMessage());
      }
    } else {
      written.add(blob);
    }
    AtomicFiles.writeFile(blob, content);
    // Windows would let nobody delete or replace it then.
    boolean isPosix = blob.getFileSystem().supportedFileAttributeViews().contains("posix");
    if (isPosix && !blob.toFile().setReadOnly()) {
      LOG.log(System.Logger.Level.DEBUG, "cannot make {0} read-only", blob);
    }
  }

  private void requireSpace(Collection<byte[]> files, Collection<byte[]> signatures)
      throws IOException {
    long needed = SPARE_BYTES;
    for (byte[] content : files) {
      needed += content.length;
    }
    for (byte[] content : signatures) {
      needed += content.length;
    }
    long usable = Files.getFileStore(layout.root).getUsableSpace();
    if (usable < needed) {
      throw new StoreException(
          Reason.NO_SPACE,
          "expected "
              + needed
              + " free bytes for the patch on the disk of "
              + layout.root
              + ", found "
              + usable
              + "; free some, for instance by collecting garbage");
    }
  }

  /** Whether the patch is installed. */
  boolean has(Digest patch) {
    return Files.isDirectory(layout.signatures.resolve(patch.hex()), LinkOption.NOFOLLOW_LINKS);
  }

  /** The installed patches' identities, sorted. */
  List<Digest> installed() throws IOException {
    return digestsIn(layout.signatures);
  }

  /**
   * What a store knows of an installed patch.
   *
   * @throws StoreException {@code NOT_INSTALLED}, or that a file is damaged
   */
  InstalledPatch describe(Digest patch) throws IOException {
    if (!has(patch)) {
      throw new StoreException(
          Reason.NOT_INSTALLED,
          "expected the patch "
              + patch
              + " in the store "
              + layout.root
              + ", found no such patch; install it first");
    }
    return InstalledPatch.parse(readBlob(patch, MAX_MANIFEST_BYTES));
  }

  /**
   * All files of an installed patch by name, each held against its digest.
   *
   * @throws StoreException {@code NOT_INSTALLED}, {@code MISSING_BLOB} or {@code CORRUPT_BLOB}
   */
  Map<String, byte[]> read(InstalledPatch patch) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(InstalledPatch.MANIFEST, readBlob(patch.digest(), MAX_MANIFEST_BYTES));
    for (StoredFile file : patch.files()) {
      files.put(file.name(), readBlob(file.digest(), file.size()));
    }
    return files;
  }

  /** What keeps an installed patch from being described, null if nothing does. */
  @Nullable String damageOf(Digest patch) {
    try {
      InstalledPatch unused = describe(patch);
      return null;
    } catch (IOException | StoreException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /**
   * The bundles that sign an installed patch, sorted by their digests, one of each key: an install
   * that was cut short leaves a key with two, which may be more bundles than a verification takes.
   */
  List<byte[]> signatures(Digest patch) throws IOException {
    List<byte[]> signatures = new ArrayList<>();
    Set<String> signers = new HashSet<>();
    for (Path file : SignatureUpdate.files(layout.signatures.resolve(patch.hex()))) {
      byte[] bytes = StoreLayout.readBounded(file, SignatureUpdate.MAX_BYTES);
      requireDigest(file, Digest.of(bytes) + ".sig", String.valueOf(file.getFileName()));
      if (signers.add(SignatureUpdate.signer(bytes))) {
        signatures.add(bytes);
      }
    }
    return signatures;
  }

  /** Takes installed patches out; their blobs stay. */
  void remove(List<Digest> patches) throws IOException {
    for (Digest patch : patches) {
      // In one step, so that no patch is ever installed with a part of its signatures.
      Path gone = layout.signatures.resolve("." + patch.hex() + ".tmp");
      Files.move(layout.signatures.resolve(patch.hex()), gone);
      StoreLayout.deleteFlat(gone);
    }
  }

  /**
   * Deletes every blob that no installed patch has.
   *
   * @throws StoreException if an installed patch is damaged, so that its blobs are not known;
   *     nothing is deleted
   */
  void deleteUnneeded() throws IOException {
    Set<Digest> needed = new HashSet<>();
    for (Digest patch : installed()) {
      needed.add(patch);
      describe(patch).files().forEach(file -> needed.add(file.digest()));
    }
    for (Digest blob : digestsIn(layout.blobs)) {
      if (!needed.contains(blob)) {
        Files.deleteIfExists(blob(blob));
      }
    }
  }

  private byte[] readBlob(Digest digest, int maxBytes) throws IOException {
    Path file = blob(digest);
    byte[] bytes;
    try {
      bytes = StoreLayout.readBounded(file, Math.min(maxBytes, MAX_BLOB_BYTES));
    } catch (NoSuchFileException e) {
      throw new StoreException(
          Reason.MISSING_BLOB,
          "expected the blob " + file + ", found none; install the patch again",
          e);
    } catch (NotAFileException e) {
      throw new StoreException(
          Reason.CORRUPT_BLOB, e.getMessage() + " and install the patch again", e);
    }
    requireDigest(file, digest.hex(), Digest.of(bytes).hex());
    return bytes;
  }

  private static void requireDigest(Path file, String expected, String found) {
    if (!expected.equals(found)) {
      throw new StoreException(
          Reason.CORRUPT_BLOB,
          "expected "
              + file
              + " to be "
              + expected
              + ", found "
              + found
              + "; the disk or somebody changed it: install the patch again");
    }
  }

  private Path blob(Digest digest) {
    return layout.blobs.resolve(digest.hex());
  }

  private static List<Digest> digestsIn(Path directory) throws IOException {
    List<Digest> digests = new ArrayList<>();
    try (DirectoryStream<Path> content = Files.newDirectoryStream(directory)) {
      for (Path path : content) {
        String name = String.valueOf(path.getFileName());
        if (name.matches("[0-9a-f]{64}")) {
          digests.add(new Digest(name));
        }
      }
    }
    Collections.sort(digests);
    return digests;
  }

  private static void deleteAfter(Exception reason, Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }
}
