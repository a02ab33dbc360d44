package io.patchkit;

import io.patchkit.CorruptPatchException.Fault;
import io.patchkit.PatchJson.ListedFile;
import io.patchkit.format.AtomicFiles;
import io.patchkit.format.DType;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The codec of the patch directory; {@code docs/patch-format.md} is its specification. Each file is
 * read once, within a bound, and its digest is checked before its content is interpreted.
 */
final class PatchDirectory {

  static final String MANIFEST = "patch.json";

  private static final int MAX_MANIFEST_BYTES = 256 << 10;
  private static final int MAX_CONFIG_BYTES = 256 << 10;
  private static final int MAX_WEIGHTS_BYTES = 256 << 20;

  /** Room for the header of one tensor, which is far shorter. */
  private static final int WEIGHTS_HEADER_BYTES = 1 << 10;

  /** No more than signing and publishing take. */
  static final JsonLimits DOCUMENT_LIMITS = JsonLimits.large().withMaxBytes(1 << 20);

  private PatchDirectory() {}

  static Patch load(Path directory) {
    if (Files.isDirectory(directory) && !Files.exists(directory.resolve(MANIFEST))) {
      throw new CorruptPatchException(
          Fault.MISSING_FILE,
          directory
              + " has no "
              + MANIFEST
              + "; a PEFT adapter without one is loaded with Patch.fromPeft");
    }
    return reading(
        directory,
        () -> {
          PatchParts in = new PatchParts(directory.toString());
          PatchJson json = in.manifest(read(directory, MANIFEST, MAX_MANIFEST_BYTES));
          Map<String, byte[]> contents = new LinkedHashMap<>();
          for (ListedFile file : in.known(json)) {
            byte[] content = read(directory, file.name(), maxBytes(file.name()));
            contents.put(file.name(), in.requireAsListed(file, content));
          }
          return in.patch(json, contents);
        });
  }

  private static int maxBytes(String name) {
    return switch (name) {
      case PeftAdapter.CONFIG -> MAX_CONFIG_BYTES;
      case PeftAdapter.WEIGHTS -> MAX_WEIGHTS_BYTES;
      default -> DOCUMENT_LIMITS.maxBytes();
    };
  }

  /** Interprets files that are all in memory, and refuses any that {@code patch.json} omits. */
  static Patch parse(Map<String, byte[]> files) {
    PatchParts in = new PatchParts("the patch");
    PatchJson json = in.manifest(in.required(files, MANIFEST));
    Map<String, byte[]> contents = new LinkedHashMap<>();
    for (ListedFile file : json.files()) {
      contents.put(file.name(), in.requireAsListed(file, in.required(files, file.name())));
    }
    for (String name : files.keySet()) {
      if (!name.equals(MANIFEST)) {
        in.listed(json, name);
      }
    }
    return in.patch(json, contents);
  }

  static void attach(Path directory, PatchDocument kind, JsonObject content) {
    PatchJson listed =
        reading(directory, () -> PatchJson.parse(read(directory, MANIFEST, MAX_MANIFEST_BYTES)));
    List<ListedFile> others = new ArrayList<>();
    for (ListedFile file : listed.files()) {
      if (!file.name().equals(kind.fileName())) {
        others.add(file);
      }
    }
    byte[] bytes = document(kind, content);
    List<ListedFile> all = new ArrayList<>(others);
    all.add(new ListedFile(kind.fileName(), bytes.length, sha256(bytes)));
    byte[] manifest = manifest(listed.withFiles(all));
    try {
      // Between the two writings of the manifest the document is not listed, so it is not read.
      if (others.size() < listed.files().size()) {
        AtomicFiles.writeFile(directory.resolve(MANIFEST), listed.withFiles(others).toBytes());
      }
      AtomicFiles.writeFile(directory.resolve(kind.fileName()), bytes);
      AtomicFiles.writeFile(directory.resolve(MANIFEST), manifest);
    } catch (IOException e) {
      throw new PatchkitException(
          "cannot write " + kind.fileName() + " to " + directory + ": " + e.getMessage(), e);
    }
  }

  private static byte[] document(PatchDocument kind, JsonObject content) {
    byte[] bytes = StrictJson.write(content);
    requireReadable(
        kind.fileName(), bytes, written -> StrictJson.parseObject(written, DOCUMENT_LIMITS));
    return bytes;
  }

  private static byte[] manifest(PatchJson json) {
    byte[] bytes = json.toBytes();
    requireReadable(MANIFEST, bytes, PatchJson::parse);
    return bytes;
  }

  /** What is written has to pass the limits of the reader, or nobody could load it. */
  private static void requireReadable(String name, byte[] bytes, Consumer<byte[]> reader) {
    try {
      reader.accept(bytes);
    } catch (FormatException e) {
      throw new IllegalArgumentException(
          name + " would not be read again: " + e.getMessage() + "; shorten what it says", e);
    }
  }

  private static byte[] weights(Prefix prefix, DType storage) {
    long numbers =
        prefix instanceof KeyValuePrefix keyValue
            ? 2L * keyValue.layers() * keyValue.keyValueHeads() * keyValue.headDim()
            : ((SoftPrompt) prefix).hiddenSize();
    requireWeightsFit(prefix.length(), numbers, storage);
    return PeftAdapter.weights(prefix, storage);
  }

  /**
   * Refuses weights that the reader would.
   *
   * @param numbers of each virtual token
   */
  static void requireWeightsFit(int length, long numbers, DType storage) {
    long bytes = length * numbers * storage.bytes() + WEIGHTS_HEADER_BYTES;
    if (bytes > MAX_WEIGHTS_BYTES) {
      throw new IllegalArgumentException(
          PeftAdapter.WEIGHTS
              + " would have "
              + bytes
              + " bytes with its header, for "
              + length
              + " virtual tokens in "
              + storage
              + "; allowed: at most "
              + MAX_WEIGHTS_BYTES
              + "; store 16 bits a number, or train a shorter prefix");
    }
  }

  static Patch fromPeft(Path directory, EmbeddingSpace space) {
    return reading(
        directory,
        () -> {
          PatchParts in = new PatchParts(directory.toString());
          PeftAdapter adapter = in.config(read(directory, PeftAdapter.CONFIG, MAX_CONFIG_BYTES));
          Prefix prefix =
              in.prefix(adapter, read(directory, PeftAdapter.WEIGHTS, MAX_WEIGHTS_BYTES), space);
          PatchManifest manifest =
              PatchManifest.of(
                  nameOf(directory),
                  new SemanticVersion(0, 0, 0, ""),
                  adapter.base(),
                  Instant.EPOCH);
          return Patch.of(manifest, prefix);
        });
  }

  /** A patch name made of a directory's name. */
  private static String nameOf(Path directory) {
    Path last = directory.toAbsolutePath().normalize().getFileName();
    String name =
        (last == null ? "" : last.toString())
            .toLowerCase(Locale.ROOT)
            .replaceAll("[^a-z0-9]+", "-")
            .replaceAll("^-|-$", "");
    String cut = name.substring(0, Math.min(name.length(), 64)).replaceAll("-$", "");
    return cut.isEmpty() ? "adapter" : cut;
  }

  static void save(Patch patch, Path directory, DType storage) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(PeftAdapter.CONFIG, PeftAdapter.config(patch.prefix(), patch.manifest().base()));
    files.put(PeftAdapter.WEIGHTS, weights(patch.prefix(), storage));
    for (PatchDocument kind : PatchDocument.values()) {
      JsonObject content = patch.document(kind);
      if (content != null) {
        files.put(kind.fileName(), document(kind, content));
      }
    }
    List<ListedFile> listed = new ArrayList<>();
    files.forEach((name, bytes) -> listed.add(new ListedFile(name, bytes.length, sha256(bytes))));
    boolean isSoft = patch.prefix() instanceof SoftPrompt;
    PatchJson json =
        new PatchJson(
            patch.manifest(),
            isSoft ? PatchJson.Kind.SOFT_PROMPT : PatchJson.Kind.KEY_VALUE,
            patch.prefix().length(),
            patch.prefix() instanceof SoftPrompt soft ? soft.space() : EmbeddingSpace.UNSPECIFIED,
            listed);
    files.put(MANIFEST, manifest(json));
    try {
      Path parent = directory.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      AtomicFiles.writeDirectory(directory, files);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      throw new PatchkitException(
          "cannot write the patch to "
              + directory
              + ": something is there already; name another directory, or move it away",
          e);
    } catch (IOException e) {
      throw new PatchkitException(
          "cannot write the patch to " + directory + ": " + e.getMessage(), e);
    }
  }

  private static byte[] read(Path directory, String name, int maxBytes) throws IOException {
    Path file = directory.resolve(name);
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file.toString(), null, "no such file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw new CorruptPatchException(
            Fault.TOO_LARGE, file + " is longer than the " + maxBytes + " bytes that are allowed");
      }
      return bytes;
    }
  }

  static String sha256(byte[] bytes) {
    return HexFormat.of().formatHex(PrefixDigest.sha256().digest(bytes));
  }

  private static <T> T reading(Path directory, Reading<T> reading) {
    try {
      return reading.read();
    } catch (NoSuchFileException e) {
      throw new CorruptPatchException(
          Fault.MISSING_FILE, e.getFile() + " is missing; a patch needs it", e);
    } catch (IOException e) {
      throw new PatchkitException(
          "cannot read the patch in " + directory + ": " + e.getMessage(), e);
    } catch (FormatException | IllegalArgumentException e) {
      throw new CorruptPatchException(
          Fault.MANIFEST, directory + " is no valid patch: " + e.getMessage(), e);
    }
  }

  private interface Reading<T> {
    T read() throws IOException;
  }
}
