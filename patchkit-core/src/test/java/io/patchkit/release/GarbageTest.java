package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a collection takes, keeps and tells where a part of the store is damaged. */
class GarbageTest {

  @TempDir Path temporary;
  private PatchStore store;
  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch fair = verified("fair");
  private final VerifiedPatch unused = verified("unused");

  /** Generation 1 has calm, generation 2 calm and fair; nothing has the third patch. */
  @BeforeEach
  void open() {
    store =
        PatchStore.open(
            temporary.resolve("store"),
            StoreOptions.defaults()
                .withClock(SignedPatches.CLOCK)
                .withInstallLease(Duration.ZERO)
                .withKeepGenerations(1));
    store.install(calm, ANN);
    store.install(fair, ANN);
    store.install(unused, ANN);
    store.activate(digest(calm), ANN);
    store.activate(digest(fair), ANN);
  }

  private Path blob(Digest digest) {
    return temporary.resolve("store/blobs/sha256").resolve(digest.hex());
  }

  private Path weights(VerifiedPatch patch) {
    return blob(Digest.of(patch.files().content("adapter_model.safetensors")));
  }

  private static CollectedGarbage took(VerifiedPatch... patches) {
    List<Digest> removed = new ArrayList<>();
    for (VerifiedPatch patch : patches) {
      removed.add(digest(patch));
    }
    return new CollectedGarbage(removed, Map.of(), Map.of());
  }

  private void damage(VerifiedPatch patch, String with) throws IOException {
    Path manifest = blob(digest(patch));
    Files.delete(manifest);
    switch (with) {
      case "nothing" -> {}
      case "a link" -> Files.createSymbolicLink(manifest, Path.of("elsewhere"));
      default -> Files.writeString(manifest, with);
    }
  }

  /** Its files are not known, so that no blob is known to be garbage. */
  @ParameterizedTest
  @ValueSource(strings = {"{}", "nothing", "a link"})
  void aDamagedPatchKeepsAllBlobsAndNoOtherPatch(String with) throws IOException {
    damage(calm, with);
    CollectedGarbage garbage = store.collectGarbage(ANN);
    assertThat(garbage.removed()).containsExactly(digest(unused));
    assertThat(garbage.damaged()).isEqualTo(store.status().damaged());
    assertThat(garbage.damagedGenerations()).isEmpty();
    assertThat(store.status().installed()).extracting(InstalledPatch::name).containsExactly("fair");
    assertThat(store.status().damaged()).containsOnlyKeys(digest(calm));
    assertThat(weights(calm)).exists();
    assertThat(weights(unused)).exists();

    store.install(calm, ANN);
    assertThat(store.collectGarbage(ANN)).isEqualTo(took());
    assertThat(weights(unused)).doesNotExist();
    assertThat(store.load(store.current()).patches()).containsExactly(calm.patch(), fair.patch());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "nothing", "a link"})
  void aDamagedPatchThatNothingNeedsIsGarbageLikeAnyOther(String with) throws IOException {
    damage(unused, with);
    assertThat(store.collectGarbage(ANN)).isEqualTo(took(unused));
    assertThat(store.status().damaged()).isEmpty();
    assertThat(weights(unused)).doesNotExist();
    assertThat(store.load(store.current()).patches()).containsExactly(calm.patch(), fair.patch());
  }

  /** More than one line of the audit log holds. */
  @Test
  void aCollectionOfThousandsOfPatchesLeavesALogThatIsRead() throws IOException {
    List<Digest> many = new ArrayList<>();
    for (int i = 0; i < 4000; i++) {
      Digest patch = Digest.of(Integer.toString(i).getBytes(StandardCharsets.US_ASCII));
      Files.createDirectory(temporary.resolve("store/sigs").resolve(patch.hex()));
      many.add(patch);
    }
    many.add(digest(unused));
    assertThat(Set.copyOf(store.collectGarbage(ANN).removed())).isEqualTo(Set.copyOf(many));
    store.pin(0, ANN);
    List<Digest> noted = new ArrayList<>();
    for (AuditEntry entry : store.audit()) {
      if (entry.action() == AuditEntry.Action.COLLECTED) {
        noted.addAll(entry.patches());
      }
    }
    assertThat(noted).hasSize(many.size());
    assertThat(Set.copyOf(noted)).isEqualTo(Set.copyOf(many));
    assertThat(weights(unused)).doesNotExist();
  }

  @Test
  void aChangeWhoseAuditEntryWouldBeTooLongIsRefusedBeforeItIsMade() throws IOException {
    List<Digest> many = Collections.nCopies(4000, digest(calm));
    AuditLog log = new AuditLog(temporary.resolve("store/audit.log"));
    assertThatThrownBy(
            () ->
                log.next(
                    SignedPatches.NOW,
                    AuditEntry.Action.INSTALLED,
                    ANN,
                    store.current(),
                    many,
                    null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("4000 patches", "allowed: ");
  }

  /** What it had active is not known, so that no patch is known to be garbage. */
  @Test
  void aDamagedGenerationKeepsAllPatchesAndNoOtherGeneration() throws IOException {
    store.deactivate("fair", ANN);
    store.activate(digest(fair), ANN);
    Files.writeString(temporary.resolve("store/generations/3.json"), "{}");
    CollectedGarbage garbage = store.collectGarbage(ANN);
    assertThat(garbage.removed()).isEmpty();
    assertThat(garbage.damaged()).isEmpty();
    assertThat(garbage.damagedGenerations()).containsOnlyKeys(3L);
    assertThat(garbage.damagedGenerations().get(3L)).contains("damaged");
    assertThat(store.status().generations()).containsExactly(3L, 4L);
    assertThat(store.load(digest(unused))).isEqualTo(unused.patch());

    store.deactivate("fair", ANN);
    assertThat(store.collectGarbage(ANN)).isEqualTo(took(unused));
    assertThat(store.status().generations()).containsExactly(4L, 5L);
  }
}
