package io.patchkit.release;

import io.patchkit.SemanticVersion;

/**
 * One patch of a generation's stack.
 *
 * @param digest the patch's identity
 * @param name its name
 * @param version its version
 * @param slot the slot that it takes
 */
public record StackEntry(Digest digest, String name, SemanticVersion version, String slot) {

  /** {@code name-version}. */
  public String id() {
    return name + "-" + version;
  }
}
