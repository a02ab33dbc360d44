package io.patchkit.trust;

import io.patchkit.PatchkitException;
import io.patchkit.trust.UntrustedPatchException.Code;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The files of one patch, read into memory once: what is hashed, verified, parsed and stored are
 * the same bytes, whatever happens to the directory meanwhile. Nothing of their content has been
 * looked at. Immutable and thread-safe.
 */
public final class PatchFiles {

  /** The manifest, whose SHA-256 is the patch's {@linkplain #identity() identity}. */
  public static final String MANIFEST = "patch.json";

  private static final int KIB = 1 << 10;

  /** Every file that a patch may have, with the most bytes it may have. */
  private static final Map<String, Integer> MAX_BYTES =
      Map.of(
          MANIFEST,
          256 * KIB,
          "adapter_config.json",
          256 * KIB,
          "adapter_model.safetensors",
          256 * KIB * KIB,
          "evaluation.json",
          1024 * KIB,
          "provenance.json",
          1024 * KIB);

  private final SortedMap<String, byte[]> contents;
  private final SortedMap<String, String> digests;

  private PatchFiles(SortedMap<String, byte[]> contents) {
    this.contents = contents;
    SortedMap<String, String> digests = new TreeMap<>();
    contents.forEach((name, bytes) -> digests.put(name, Sha256.hex(bytes)));
    this.digests = Collections.unmodifiableSortedMap(digests);
    if (!contents.containsKey(MANIFEST)) {
      throw new UntrustedPatchException(Code.MISSING_FILE, MANIFEST + " is missing");
    }
  }

  /**
   * The files with these contents, which are copied.
   *
   * @throws UntrustedPatchException if a file is too large or of a name that no patch has, or if
   *     there is no {@code patch.json}
   */
  public static PatchFiles of(Map<String, byte[]> contents) {
    SortedMap<String, byte[]> copy = new TreeMap<>();
    for (Map.Entry<String, byte[]> file : contents.entrySet()) {
      int max = maxBytes(file.getKey());
      if (file.getValue().length > max) {
        throw tooLarge(file.getKey(), max);
      }
      copy.put(file.getKey(), file.getValue().clone());
    }
    return new PatchFiles(copy);
  }

  /**
   * Reads a directory that holds a patch and nothing else. Links are not followed.
   *
   * @throws UntrustedPatchException if there is anything that a patch does not have: other names,
   *     hidden files, directories, links, pipes, files with a second name, files that are too large
   * @throws PatchkitException if the directory cannot be read
   */
  public static PatchFiles read(Path directory) {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      SortedMap<String, byte[]> contents = new TreeMap<>();
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        int max = maxBytes(name);
        requireRegular(entry);
        contents.put(name, read(entry, max));
      }
      return new PatchFiles(contents);
    } catch (NoSuchFileException e) {
      throw new UntrustedPatchException(Code.MISSING_FILE, e.getFile() + " is missing", e);
    } catch (IOException e) {
      throw new PatchkitException("cannot read the patch in " + directory + ": " + e, e);
    }
  }

  private static int maxBytes(String name) {
    Integer max = MAX_BYTES.get(name);
    if (max != null) {
      return max;
    }
    ResourceName.requireSafe(List.of(name));
    if (name.startsWith(".")) {
      throw new UntrustedPatchException(
          Code.HIDDEN_FILE,
          "expected no hidden files, found " + ResourceName.quote(name) + "; remove it");
    }
    throw new UntrustedPatchException(
        Code.EXTRA_FILE,
        "expected the files "
            + new TreeMap<>(MAX_BYTES).keySet()
            + ", found "
            + ResourceName.quote(name)
            + "; remove it");
  }

  static void requireRegular(Path file) throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isRegularFile()) {
      throw new UntrustedPatchException(
          Code.NOT_A_REGULAR_FILE,
          "expected a regular file, found "
              + (attributes.isSymbolicLink() ? "a link" : "a directory, pipe or device")
              + ": "
              + file);
    }
    if (file.getFileSystem().supportedFileAttributeViews().contains("unix")
        && Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS)
            instanceof Integer links
        && links != 1) {
      throw new UntrustedPatchException(
          Code.HARD_LINK,
          "expected a file with one name, found one with " + links + ": " + file + "; copy it");
    }
  }

  private static byte[] read(Path file, int max) throws IOException {
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] bytes = in.readNBytes(max + 1);
      if (bytes.length > max) {
        throw tooLarge(String.valueOf(file.getFileName()), max);
      }
      return bytes;
    }
  }

  private static UntrustedPatchException tooLarge(String name, int max) {
    return new UntrustedPatchException(
        Code.TOO_LARGE, name + ": expected at most " + max + " bytes, found more");
  }

  /**
   * SHA-256 of {@code patch.json}, lower-case hexadecimal: the patch's identity. {@code patch.json}
   * lists the digests of the other files, so that all of the patch depends on it.
   */
  public String identity() {
    return digest(MANIFEST);
  }

  /** SHA-256 in lower-case hexadecimal by file name. */
  public SortedMap<String, String> digests() {
    return digests;
  }

  /** A copy of a file's content. */
  public byte[] content(String name) {
    return bytes(name).clone();
  }

  /** Copies of all contents by file name. */
  SortedMap<String, byte[]> contents() {
    SortedMap<String, byte[]> copy = new TreeMap<>();
    contents.forEach((name, bytes) -> copy.put(name, bytes.clone()));
    return copy;
  }

  private byte[] bytes(String name) {
    byte[] bytes = contents.get(name);
    if (bytes == null) {
      throw new IllegalArgumentException("no file " + name + "; there are " + contents.keySet());
    }
    return bytes;
  }

  private String digest(String name) {
    return Sha256.hex(bytes(name));
  }

  @Override
  public String toString() {
    return "PatchFiles[" + identity() + ", " + contents.keySet() + "]";
  }
}
