package io.patchkit.examples;

import io.patchkit.Patch;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The patch that the examples bring along; {@link TrainRefusalPatch} trained it. */
final class ShippedPatch {

  private ShippedPatch() {}

  /** The patch in a folder of the user's, or the shipped one where none is given. */
  static Patch or(@Nullable String folder) {
    return Patch.load(folder == null ? folder() : Path.of(folder));
  }

  /** The shipped patch's folder. */
  static Path folder() {
    return Path.of(System.getProperty("patchkit.examples", "."), "patches", "refuse-harm");
  }
}
