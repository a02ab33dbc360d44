package io.patchkit;

import org.jspecify.annotations.Nullable;

/**
 * A JSON document that may lie beside a patch's weights, listed with its digest in {@code
 * patch.json}. A patch without it is whole; what it says decides nothing about how the patch runs.
 */
public enum PatchDocument {
  /** What was measured of the patch: a report of {@code io.patchkit.evaluate}. */
  EVALUATION("evaluation.json"),
  /** How the patch came to be, where that is more than the manifest's free facts. */
  PROVENANCE("provenance.json");

  private final String fileName;

  PatchDocument(String fileName) {
    this.fileName = fileName;
  }

  /** The file's name in the patch directory. */
  public String fileName() {
    return fileName;
  }

  static @Nullable PatchDocument named(String fileName) {
    for (PatchDocument document : values()) {
      if (document.fileName.equals(fileName)) {
        return document;
      }
    }
    return null;
  }
}
