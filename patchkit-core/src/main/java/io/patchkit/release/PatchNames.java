package io.patchkit.release;

import java.util.regex.Pattern;

/** The names of patches, which are also path segments of registries. */
final class PatchNames {

  private static final Pattern NAME = Pattern.compile("[a-z0-9]+([._-][a-z0-9]+)*");

  private PatchNames() {}

  /** Refuses what is no name of a patch, before it becomes part of a path. */
  static void require(String name) {
    if (name.length() > 64 || !NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "name is " + OciManifest.quote(name) + "; allowed: " + NAME + ", at most 64 characters");
    }
  }
}
