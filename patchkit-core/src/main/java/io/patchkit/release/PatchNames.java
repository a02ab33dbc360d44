package io.patchkit.release;

import io.patchkit.PatchManifest;

/** The names of patches, which are also path segments of registries. */
final class PatchNames {

  private PatchNames() {}

  /** Refuses what is no name of a patch, before it becomes part of a path. */
  static void require(String name) {
    if (!PatchManifest.isName(name)) {
      throw new IllegalArgumentException(
          "name is "
              + OciManifest.quote(name)
              + "; allowed: lower-case letters and digits in groups joined by one of . _ -, at most"
              + " 64 characters");
    }
  }
}
