package io.patchkit.release;

import io.patchkit.SemanticVersion;

/**
 * A published version of a patch, pinned to its content.
 *
 * @param name the patch's name
 * @param version its version
 * @param manifest SHA-256 of the manifest under which the registry has it
 */
public record Release(String name, SemanticVersion version, Digest manifest) {

  /** {@code name:version@sha256:...}, as OCI writes references. */
  @Override
  public String toString() {
    return name + ":" + version + "@" + manifest.oci();
  }
}
