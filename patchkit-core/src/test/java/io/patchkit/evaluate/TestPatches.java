package io.patchkit.evaluate;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.PatchStack;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import java.time.Instant;
import java.util.List;

/** Patches of one virtual token, version 1.0.0. */
final class TestPatches {

  private TestPatches() {}

  static Patch of(String name, float... row) {
    PatchManifest manifest =
        PatchManifest.of(
            name,
            SemanticVersion.parse("1.0.0"),
            new BaseModel("base", List.of(), null, 0, 0, 0, 0),
            Instant.EPOCH);
    return Patch.of(manifest, SoftPrompt.of(row.length, EmbeddingSpace.TOKEN_TABLE, row));
  }

  static PatchStack stack(String name, float... row) {
    return PatchStack.of(of(name, row));
  }
}
