package io.patchkit;

import io.patchkit.CorruptPatchException.Fault;
import io.patchkit.PatchJson.ListedFile;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes a patch of the bytes of its files, and says of each fault what it is.
 *
 * @param place where the files are from, for messages
 */
record PatchParts(String place) {

  PatchJson manifest(byte[] text) {
    return part(Fault.MANIFEST, PatchDirectory.MANIFEST, () -> PatchJson.parse(text));
  }

  PeftAdapter config(byte[] text) {
    return part(Fault.CONFIG, PeftAdapter.CONFIG, () -> PeftAdapter.parse(text));
  }

  Prefix prefix(PeftAdapter adapter, byte[] weights, EmbeddingSpace space) {
    return part(Fault.WEIGHTS, PeftAdapter.WEIGHTS, () -> adapter.prefix(weights, space));
  }

  /**
   * The patch.
   *
   * @param contents by name, as listed: at least those of {@link #known}
   */
  Patch patch(PatchJson json, Map<String, byte[]> contents) {
    PeftAdapter adapter = config(required(contents, PeftAdapter.CONFIG));
    requireEqual(Fault.DISAGREEMENT, "prefix.kind", json.kind(), adapter.kind());
    Prefix prefix = prefix(adapter, required(contents, PeftAdapter.WEIGHTS), json.space());
    requireEqual(Fault.DISAGREEMENT, "prefix.length", json.length(), prefix.length());
    Patch patch =
        part(Fault.DISAGREEMENT, PatchDirectory.MANIFEST, () -> Patch.of(json.manifest(), prefix));
    for (PatchDocument kind : PatchDocument.values()) {
      byte[] text = contents.get(kind.fileName());
      if (text != null) {
        patch = patch.withDocument(kind, document(kind, text));
      }
    }
    return patch;
  }

  private JsonObject document(PatchDocument kind, byte[] text) {
    return part(
        Fault.DOCUMENT,
        kind.fileName(),
        () -> StrictJson.parseObject(text, PatchDirectory.DOCUMENT_LIMITS));
  }

  /** The listed files that this library interprets. */
  List<ListedFile> known(PatchJson json) {
    List<ListedFile> known = new ArrayList<>();
    known.add(listed(json, PeftAdapter.CONFIG));
    known.add(listed(json, PeftAdapter.WEIGHTS));
    for (ListedFile file : json.files()) {
      if (PatchDocument.named(file.name()) != null) {
        known.add(listed(json, file.name()));
      }
    }
    return known;
  }

  /** The entry of a file, of which there is one. */
  ListedFile listed(PatchJson json, String name) {
    ListedFile listed = null;
    for (ListedFile file : json.files()) {
      if (file.name().equals(name)) {
        requireEqual(
            Fault.MANIFEST, "entries of " + name + " in " + PatchDirectory.MANIFEST, null, listed);
        listed = file;
      }
    }
    if (listed == null) {
      throw new CorruptPatchException(
          Fault.UNLISTED_FILE, PatchDirectory.MANIFEST + " lists no " + name + " under files");
    }
    return listed;
  }

  /** The content, which has the size and the digest that were stated. */
  byte[] requireAsListed(ListedFile listed, byte[] content) {
    requireEqual(Fault.SIZE, "size of " + listed.name(), listed.size(), (long) content.length);
    requireEqual(
        Fault.DIGEST,
        "SHA-256 of " + listed.name(),
        listed.sha256(),
        PatchDirectory.sha256(content));
    return content;
  }

  byte[] required(Map<String, byte[]> files, String name) {
    byte[] content = files.get(name);
    if (content == null) {
      throw new CorruptPatchException(Fault.MISSING_FILE, name + " is missing; a patch needs it");
    }
    return content;
  }

  private <T> T part(Fault fault, String file, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (FormatException | IllegalArgumentException e) {
      throw new CorruptPatchException(
          fault, place + " is no valid patch: " + file + ": " + e.getMessage(), e);
    }
  }

  private static void requireEqual(
      Fault fault, String what, @Nullable Object expected, @Nullable Object found) {
    if (!Objects.equals(expected, found)) {
      throw new CorruptPatchException(fault, what + ": expected " + expected + ", found " + found);
    }
  }
}
