package io.patchkit.trust;

import io.patchkit.BaseModel;
import io.patchkit.EmbeddingSpace;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;

/** A small patch to sign, and the time at which the tests are. */
final class SamplePatch {

  static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  private SamplePatch() {}

  static Patch patch(String name, float scale) {
    float[] rows = new float[5 * 8];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = scale * (i - 20);
    }
    return Patch.of(
        PatchManifest.of(
            name,
            SemanticVersion.parse("1.2.0"),
            new BaseModel("tiny", List.of(), null, 8, 2, 2, 4),
            NOW),
        SoftPrompt.of(8, EmbeddingSpace.TOKEN_TABLE, rows));
  }

  static Path save(Path directory, String name) {
    patch(name, 0.125f).save(directory);
    return directory;
  }
}
