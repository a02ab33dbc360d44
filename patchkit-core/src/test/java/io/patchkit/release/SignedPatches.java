package io.patchkit.release;

import io.patchkit.BaseModel;
import io.patchkit.Composition;
import io.patchkit.EmbeddingSpace;
import io.patchkit.Patch;
import io.patchkit.PatchManifest;
import io.patchkit.SemanticVersion;
import io.patchkit.SoftPrompt;
import io.patchkit.trust.Curve;
import io.patchkit.trust.PatchFiles;
import io.patchkit.trust.Signer;
import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Small patches, signed by a key of these tests and verified. */
final class SignedPatches {

  static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
  static final Signer SIGNER = Signer.generate(Curve.P256);
  static final TrustPolicy POLICY = TrustPolicy.of(SIGNER.verificationKey());
  static final Change ANN = Change.by("ann");

  private SignedPatches() {}

  static VerifiedPatch verified(String name) {
    return verified(name, "1.0.0", name, Composition.free());
  }

  static VerifiedPatch verified(String name, String version) {
    return verified(name, version, name, Composition.free());
  }

  static VerifiedPatch verified(String name, String version, String slot, Composition composition) {
    return verified(patch(name, version, slot, composition));
  }

  static VerifiedPatch verified(Patch patch) {
    PatchFiles files = files(patch);
    return VerifiedPatch.verify(files, List.of(SIGNER.sign(files)), POLICY, CLOCK);
  }

  static Patch patch(String name, String version, String slot, Composition composition) {
    float[] rows = new float[4 * 8];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (i + 1) * 0.25f + (name + version).hashCode() % 1000;
    }
    return Patch.of(
        PatchManifest.of(
                name,
                SemanticVersion.parse(version),
                new BaseModel("tiny", List.of(), null, 8, 2, 2, 4),
                NOW)
            .withSlot(slot)
            .withComposition(composition),
        SoftPrompt.of(8, EmbeddingSpace.TOKEN_TABLE, rows));
  }

  static PatchFiles files(Patch patch) {
    try {
      Path folder = Files.createTempDirectory("patch");
      Path directory = folder.resolve("patch");
      try {
        patch.save(directory);
        return PatchFiles.read(directory);
      } finally {
        StoreLayout.deleteFlat(directory);
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Digest digest(VerifiedPatch patch) {
    return new Digest(patch.identity());
  }

  /** Takes the weights of an installed patch away: whoever reads it finds that it is damaged. */
  static void deleteWeights(PatchStore store, VerifiedPatch patch) throws IOException {
    Files.delete(
        store
            .directory()
            .resolve("blobs/sha256")
            .resolve(patch.files().digests().get("adapter_model.safetensors")));
  }

  /** Every file below a directory with the SHA-256 of its bytes, but the lock. */
  static Map<String, Digest> bytesOf(Path directory) throws IOException {
    Map<String, Digest> bytes = new TreeMap<>();
    collect(directory, directory, bytes);
    bytes.remove("lock");
    return bytes;
  }

  private static void collect(Path root, Path directory, Map<String, Digest> bytes)
      throws IOException {
    try (DirectoryStream<Path> content = Files.newDirectoryStream(directory)) {
      for (Path path : content) {
        if (Files.isDirectory(path)) {
          collect(root, path, bytes);
        } else {
          bytes.put(root.relativize(path).toString(), Digest.of(Files.readAllBytes(path)));
        }
      }
    }
  }
}
