package io.patchkit.release;

import static io.patchkit.release.SignedPatches.CLOCK;
import static io.patchkit.release.SignedPatches.POLICY;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.patchkit.Composition;
import io.patchkit.SemanticVersion;
import io.patchkit.format.InterprocessLock;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import io.patchkit.release.RegistryException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A directory that somebody else can write to: a share, a stick. */
class DirectoryRegistryTest {

  @TempDir Path folder;
  private final VerifiedPatch patch = verified("calm", "1.2.0");
  private DirectoryRegistry registry;
  private Release release;

  @BeforeEach
  void publish() {
    registry = DirectoryRegistry.open(folder);
    release = registry.publish(patch);
  }

  private Path blob(String hex) {
    return folder.resolve("calm/blobs/sha256").resolve(hex);
  }

  private Path weights() {
    return blob(patch.files().digests().get("adapter_model.safetensors"));
  }

  private void assertRefused(Reason reason) {
    assertThatThrownBy(() -> registry.pull(release))
        .isInstanceOf(RegistryException.class)
        .extracting("reason")
        .isEqualTo(reason);
  }

  @Test
  void pullsWhatWasPublished() {
    assertThat(registry.publish(patch)).isEqualTo(release);
    Release newer = registry.publish(verified("calm", "1.10.0"));
    assertThat(registry.list("calm")).hasToString("[1.2.0, 1.10.0]");
    assertThat(registry.resolve("calm", VersionRange.any())).isEqualTo(newer);
    assertThat(registry.find("calm", release.version())).isEqualTo(release);
    assertThat(registry.pull(release).verify(POLICY, CLOCK).identity()).isEqualTo(patch.identity());
    assertThat(registry.list("kind")).isEmpty();
  }

  /** Without this file no tool takes the directory for an OCI image layout. */
  @Test
  void saysWhichVersionOfTheImageLayoutItIs() throws IOException {
    JsonObject layout =
        StrictJson.parseObject(
            Files.readAllBytes(folder.resolve("calm/oci-layout")), JsonLimits.defaults());
    assertThat(layout.string("imageLayoutVersion")).isEqualTo("1.0.0");
  }

  @Test
  void refusesBlobsThatAreNotWhatTheManifestSays() throws IOException {
    byte[] good = Files.readAllBytes(weights());
    byte[] flipped = good.clone();
    flipped[good.length - 1] ^= 1;
    Files.write(weights(), flipped);
    assertRefused(Reason.BLOB_DIGEST);
    Files.write(weights(), Arrays.copyOf(good, good.length - 1));
    assertRefused(Reason.SIZE_MISMATCH);
    Files.write(weights(), Arrays.copyOf(good, good.length + 1));
    assertRefused(Reason.SIZE_MISMATCH);
    Files.delete(weights());
    assertRefused(Reason.MISSING_BLOB);
    Path elsewhere = Files.write(folder.resolve("elsewhere"), good);
    Files.createSymbolicLink(weights(), elsewhere);
    assertRefused(Reason.IO);
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void doesNotWaitForAPipe() throws Exception {
    Files.delete(weights());
    assertThat(new ProcessBuilder("mkfifo", weights().toString()).start().waitFor()).isZero();
    assertRefused(Reason.IO);
    Path index = folder.resolve("calm/index.json");
    Files.delete(index);
    assertThat(new ProcessBuilder("mkfifo", index.toString()).start().waitFor()).isZero();
    assertRefused(Reason.IO);
  }

  @Test
  @Timeout(60)
  void saysThatAnotherPublishes() throws Exception {
    Path lock = folder.resolve("calm").toRealPath().resolve(".lock");
    InterprocessLock.Held held = new InterprocessLock(lock).acquire(Duration.ofSeconds(10));
    try {
      FutureTask<@Nullable Throwable> publication =
          new FutureTask<>(
              () ->
                  catchThrowable(
                      () -> DirectoryRegistry.open(folder, Duration.ofMillis(20)).publish(patch)));
      new Thread(publication).start();
      assertThat(publication.get())
          .isInstanceOf(RegistryException.class)
          .hasMessageContainingAll("held by another thread", "try again")
          .hasMessageNotContaining("StoreOptions");
    } finally {
      held.release();
    }
    assertThat(registry.publish(patch)).isEqualTo(release);
  }

  @Test
  void refusesAnotherManifestThanTheReleases() throws IOException {
    Files.write(blob(release.manifest().hex()), new byte[] {' '}, StandardOpenOption.APPEND);
    assertRefused(Reason.MANIFEST_DIGEST);
    Files.delete(blob(release.manifest().hex()));
    assertRefused(Reason.MISSING_BLOB);
    Path index = folder.resolve("calm/index.json");
    String other = "f".repeat(64);
    Files.writeString(index, Files.readString(index).replace(release.manifest().hex(), other));
    assertRefused(Reason.TAG_MOVED);
    Files.writeString(index, Files.readString(index).replace("1.2.0", "1.2.1"));
    assertRefused(Reason.NOT_FOUND);
  }

  @Test
  void aVersionIsNeverOverwritten() {
    VerifiedPatch other = verified("calm", "1.2.0", "other", Composition.free());
    assertThatThrownBy(() -> registry.publish(other))
        .hasMessageContaining("found " + release.manifest().hex().substring(0, 12) + " published")
        .extracting("reason")
        .isEqualTo(Reason.VERSION_TAKEN);
    assertThat(registry.find("calm", release.version())).isEqualTo(release);
  }

  /** Signed and whole, and not what was asked for. */
  @ParameterizedTest
  @CsvSource({
    "calm, 1.5.0, calm, 1.0.0",
    "kind, 1.0.0, calm, 1.0.0",
    "calm, 1.0.0-2.0.0, calm-1.0.0, 2.0.0"
  })
  void aPatchUnderAnotherNameOrVersionIsNotTheRelease(
      String asName, String asVersion, String name, String version) {
    VerifiedPatch other = verified(name, version);
    Release moved =
        registry.publish(asName, SemanticVersion.parse(asVersion), other.files(), other.bundles());
    assertThatThrownBy(() -> registry.pull(moved).verify(POLICY, CLOCK))
        .isInstanceOf(RegistryException.class)
        .extracting("reason")
        .isEqualTo(Reason.TAG_MOVED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"manifests\":[{\"mediaType\":\"x\",\"digest\":\"sha256:0\",\"size\":1,\"annotations\":"
            + "{\"org.opencontainers.image.ref.name\":\"1.2.0\"}}]}",
      })
  void refusesADamagedIndex(String text) throws IOException {
    Files.writeString(folder.resolve("calm/index.json"), text);
    assertRefused(Reason.MALFORMED_REPLY);
  }

  @Test
  void anIndexIsBoundedAndReferencesThatAreNoVersionsArePassedOver() throws IOException {
    Path index = folder.resolve("calm/index.json");
    String latest =
        Files.readString(index)
            .replace(
                "\"manifests\": [",
                "\"manifests\": [{}, {\"annotations\":"
                    + " {\"org.opencontainers.image.ref.name\": \"latest\"}},");
    Files.writeString(index, latest);
    assertThat(registry.list("calm")).hasToString("[1.2.0]");
    Files.writeString(index, latest + " ".repeat(OciIndex.MAX_BYTES - latest.length()));
    assertThat(registry.list("calm")).hasToString("[1.2.0]");
    Files.writeString(index, " ", StandardOpenOption.APPEND);
    assertRefused(Reason.MALFORMED_REPLY);
  }

  /** Tags, signatures of other tools, notes: a layout is not only ours. */
  @Test
  void publishingKeepsWhatOthersHaveInTheIndex() throws IOException {
    Path index = folder.resolve("calm/index.json");
    String latest =
        """
        {
              "mediaType": "application/vnd.oci.image.manifest.v1+json",
              "digest": "sha256:%s",
              "size": 7,
              "platform": {"os": "linux"},
              "annotations": {"org.opencontainers.image.ref.name": "latest", "weight": "0.10"}
            }"""
            .formatted("a".repeat(64));
    String referrer =
        """
        {"artifactType": "application/spdx+json", "digest": "sha512:00", "size": 1e3}""";
    String noted =
        Files.readString(index)
            .replace("\"manifests\": [", "\"manifests\": [" + latest + ", " + referrer + ", ")
            .replaceFirst(
                "\\{", "{\"annotations\": {\"owner\": \"ann\"}, \"extra\": [1.50, null],");
    Files.writeString(index, noted);
    JsonObject before = index();
    registry.publish(patch);
    assertThat(index()).isEqualTo(before);

    registry.publish(verified("calm", "1.10.0"));
    JsonObject after = index();
    assertThat(after.names()).containsExactlyElementsOf(before.names());
    for (String name : List.of("annotations", "extra", "schemaVersion", "mediaType")) {
      assertThat(after.get(name)).hasToString(String.valueOf(before.get(name)));
    }
    List<JsonObject> entries = after.array("manifests").objects();
    assertThat(entries).hasSize(4);
    assertThat(entries.subList(0, 3)).hasToString(before.array("manifests").objects().toString());
    assertThat(registry.list("calm")).hasToString("[1.2.0, 1.10.0]");
    assertThat(registry.pull(release).verify(POLICY, CLOCK).identity()).isEqualTo(patch.identity());
  }

  private JsonObject index() throws IOException {
    return StrictJson.loadObject(folder.resolve("calm/index.json"), JsonLimits.defaults());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "../calm", "/calm", "calm/x", "Calm", "calm.", "c--m", "-calm"})
  void aNameIsNoPath(String name) {
    assertThatThrownBy(() -> registry.list(name)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aNameHasAtMostSixtyFourCharacters() {
    assertThat(registry.list("a".repeat(64))).isEmpty();
    assertThatThrownBy(() -> registry.list("a".repeat(65)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
