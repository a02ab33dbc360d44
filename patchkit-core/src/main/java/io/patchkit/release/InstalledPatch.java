package io.patchkit.release;

import io.patchkit.Composition;
import io.patchkit.SemanticVersion;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.util.ArrayList;
import java.util.List;

/**
 * A patch that lies in a store, as far as a store cares: who it is, how it stands with others, and
 * which files it has. It was verified and read in full before it was installed.
 *
 * @param digest its identity: SHA-256 of {@code patch.json}
 * @param name its name
 * @param version its version
 * @param slot the slot that it takes in a stack
 * @param composition what it demands of a stack
 * @param files its files but {@code patch.json}
 */
public record InstalledPatch(
    Digest digest,
    String name,
    SemanticVersion version,
    String slot,
    Composition composition,
    List<StoredFile> files) {

  /** The name of the file whose digest is the patch's identity. */
  static final String MANIFEST = "patch.json";

  /**
   * A file of a patch.
   *
   * @param name plain file name
   * @param size in bytes
   * @param digest of its bytes
   */
  public record StoredFile(String name, int size, Digest digest) {}

  public InstalledPatch {
    files = List.copyOf(files);
  }

  /** {@code name-version}. */
  public String id() {
    return name + "-" + version;
  }

  StackEntry entry() {
    return new StackEntry(digest, name, version, slot);
  }

  /**
   * Reads what a store needs of {@code patch.json}. The whole of it is the patch codec's concern.
   *
   * @throws StoreException {@code CORRUPT_PATCH}
   */
  static InstalledPatch parse(byte[] patchJson) {
    Digest digest = Digest.of(patchJson);
    try {
      JsonObject root = StrictJson.parseObject(patchJson, JsonLimits.defaults());
      JsonObject composition = root.object("composition");
      List<StoredFile> files = new ArrayList<>();
      for (JsonObject file : root.array("files").objects()) {
        files.add(
            new StoredFile(
                file.string("name"),
                file.integer("size", 0, Integer.MAX_VALUE),
                new Digest(file.string("sha256"))));
      }
      return new InstalledPatch(
          digest,
          root.string("name"),
          SemanticVersion.parse(root.string("version")),
          root.string("slot"),
          new Composition(
              composition.array("requires").strings(),
              composition.array("conflicts").strings(),
              composition.array("replaces").strings()),
          files);
    } catch (FormatException | IllegalArgumentException e) {
      throw new StoreException(
          StoreException.Reason.CORRUPT_PATCH,
          "the patch.json " + digest.abbreviated() + " is none: " + e.getMessage(),
          e);
    }
  }
}
