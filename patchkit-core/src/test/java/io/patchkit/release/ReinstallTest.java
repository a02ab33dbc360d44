package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.Composition;
import io.patchkit.release.StoreException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Installing a patch again mends it. */
class ReinstallTest {

  @TempDir Path temporary;
  private PatchStore store;
  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch fair = verified("fair");

  @BeforeEach
  void open() {
    store = PatchStore.open(temporary.resolve("store"));
    store.install(calm, ANN);
    store.install(fair, ANN);
    store.activate(digest(calm), ANN);
  }

  private static void assertReason(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  // A damaged patch.json

  private void damage(VerifiedPatch patch, String with) throws IOException {
    Path manifest = temporary.resolve("store/blobs/sha256").resolve(patch.identity());
    Files.delete(manifest);
    switch (with) {
      case "nothing" -> {}
      case "a link" -> Files.createSymbolicLink(manifest, Path.of("elsewhere"));
      default -> Files.writeString(manifest, with);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "nothing", "a link"})
  void aManifestThatIsDamagedIsMended(String with) throws IOException {
    damage(calm, with);
    store.install(calm, ANN);
    assertThat(store.load(store.current()).patches()).containsExactly(calm.patch());
    assertThat(store.status().damaged()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "nothing", "a link"})
  void aDamagedPatchKeepsNoOtherFromBeingInstalled(String with) throws IOException {
    damage(calm, with);
    VerifiedPatch kind = verified("kind");
    store.install(kind, ANN);
    assertThat(store.load(digest(kind))).isEqualTo(kind.patch());
    VerifiedPatch twin = verified("fair", "1.0.0", "twin", Composition.free());
    assertReason(Reason.VERSION_TAKEN, () -> store.install(twin, ANN));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "nothing", "a link"})
  void theStatusNamesADamagedPatchBesideTheOthers(String with) throws IOException {
    damage(calm, with);
    StoreStatus status = store.status();
    assertThat(status.installed()).extracting(InstalledPatch::name).containsExactly("fair");
    assertThat(status.damaged()).containsOnlyKeys(digest(calm));
    assertThat(status.damaged().get(digest(calm))).isNotBlank();
    assertThat(status.current().stack()).extracting(StackEntry::name).containsExactly("calm");
  }
}
