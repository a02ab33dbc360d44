package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.release.AuditEntry.Action;
import io.patchkit.release.StackGeneration.Origin;
import io.patchkit.trust.Curve;
import io.patchkit.trust.Signer;
import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.UntrustedPatchException;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatchStoreTest {

  @TempDir Path temporary;
  private PatchStore store;

  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch fair = verified("fair");
  private final VerifiedPatch fair2 = verified("fair", "2.0.0");

  @BeforeEach
  void open() {
    store = open(StoreOptions.defaults());
  }

  private PatchStore open(StoreOptions options) {
    return PatchStore.open(temporary.resolve("store"), options.withClock(SignedPatches.CLOCK));
  }

  @Test
  void aNewStoreHasGenerationZeroWithoutPatches() {
    assertThat(store.current().number()).isZero();
    assertThat(store.current().stack()).isEmpty();
    assertThat(store.history()).isEmpty();
    assertThat(store.audit()).isEmpty();
  }

  @Test
  void whatIsInstalledAndActivatedIsWhatIsLoaded() {
    store.install(calm, ANN);
    store.install(fair, ANN);
    store.activate(digest(calm), ANN);
    StackGeneration second = store.activate(digest(fair), ANN.withReason("asked for"));

    PatchStore other = open(StoreOptions.defaults());
    assertThat(other.current()).isEqualTo(second);
    assertThat(other.load(other.current()).patches()).containsExactly(calm.patch(), fair.patch());
    assertThat(second.number()).isEqualTo(2);
    assertThat(second.parent()).isEqualTo(1);
    assertThat(second.change().reason()).isEqualTo("asked for");
    assertThat(second.stackDigest())
        .isEqualTo(
            Digest.of(
                (calm.identity() + "\n" + fair.identity() + "\n")
                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
  }

  @Test
  void theInstalledPatchVerifiesAnewByItsOwnSignatures() {
    store.install(calm, ANN);
    assertThat(store.verify(digest(calm), SignedPatches.POLICY).patch()).isEqualTo(calm.patch());
  }

  @Test
  void installingAgainAddsTheNewSignatures() {
    Signer other = Signer.generate(Curve.P256);
    TrustPolicy others = TrustPolicy.of(other.verificationKey());
    store.install(calm, ANN);
    assertThatThrownBy(() -> store.verify(digest(calm), others))
        .isInstanceOf(UntrustedPatchException.class);
    store.install(
        VerifiedPatch.verify(
            calm.files(), List.of(other.sign(calm.files())), others, SignedPatches.CLOCK),
        ANN);
    assertThat(store.verify(digest(calm), others).patch()).isEqualTo(calm.patch());
    assertThat(store.verify(digest(calm), SignedPatches.POLICY).patch()).isEqualTo(calm.patch());
  }

  @Test
  void installedPatchesAreSortedByTheirDigests() {
    for (int i = 0; i < 8; i++) {
      store.install(verified("patch-" + i), ANN);
    }
    assertThat(store.status().installed()).extracting(InstalledPatch::digest).hasSize(8).isSorted();
  }

  @Test
  void aVersionIsANameAndAVersionHoweverTheyAreWritten() {
    VerifiedPatch one = verified("calm", "1.0.0-2.0.0");
    VerifiedPatch other = verified("calm-1.0.0", "2.0.0");
    assertThat(one.patch().id()).isEqualTo(other.patch().id());
    store.install(one, ANN);
    store.install(other, ANN);
    assertThat(store.status().installed()).hasSize(2);
  }

  @Test
  void aNewerVersionTakesThePlaceOfTheOlder() {
    for (VerifiedPatch patch : List.of(fair, calm, fair2)) {
      store.install(patch, ANN);
      store.activate(digest(patch), ANN);
    }
    assertThat(store.current().stack())
        .extracting(StackEntry::id)
        .containsExactly("fair-2.0.0", "calm-1.0.0");
    StackDiff diff = store.diff(2, 3);
    assertThat(diff.added()).isEmpty();
    assertThat(diff.removed()).isEmpty();
    assertThat(diff.replaced())
        .containsExactly(
            new StackDiff.Replacement(
                store.generation(2).stack().get(0), store.generation(3).stack().get(0)));
    assertThat(diff.reordered()).isFalse();
  }

  @Test
  void aRollbackIsANewGenerationWithTheOldStack() {
    store.install(calm, ANN);
    store.install(fair, ANN);
    StackGeneration first = store.activate(digest(calm), ANN);
    store.activate(digest(fair), ANN);

    StackGeneration back = store.rollback(1, ANN);
    assertThat(back.number()).isEqualTo(3);
    assertThat(back.parent()).isEqualTo(2);
    assertThat(back.origin()).isEqualTo(Origin.ROLLED_BACK);
    assertThat(back.stackDigest()).isEqualTo(first.stackDigest());

    assertThat(store.rollback(0, ANN).stack()).isEmpty();
    assertThat(store.history()).extracting(StackGeneration::number).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  void aRollbackIsOnTrialAsLongAsTheOldGenerationIs() {
    store.install(calm, ANN);
    store.activate(digest(calm), Activation.trial(), ANN);
    store.deactivate("calm", ANN);
    assertThat(store.isGood(store.rollback(1, ANN).number())).isFalse();
    assertThat(store.isGood(store.rollback(2, ANN).number())).isTrue();
    store.markGood(1, ANN);
    assertThat(store.isGood(store.rollback(1, ANN).number())).isTrue();
  }

  @Test
  void aChangeGivesTheGenerationThatItMade() {
    store.install(calm, ANN);
    store.install(fair, ANN);
    List<Digest> both = List.of(digest(calm), digest(fair));
    assertThat(store.activateStack(both, Activation.full(), ANN)).isEqualTo(store.current());
    assertThat(store.deactivate("calm", ANN)).isEqualTo(store.current());
    assertThat(store.revoke(digest(fair), ANN)).isEqualTo(store.current());
    assertThat(store.current().number()).isEqualTo(3);
  }

  @Test
  void everyChangeIsInTheAuditLogAndChained() {
    store.install(calm, ANN);
    store.activate(digest(calm), ANN);
    store.pin(1, Change.by("bob"));
    store.deactivate("calm", ANN);
    store.rollback(1, ANN);
    store.revoke(digest(calm), ANN.withReason("leaks"));

    List<AuditEntry> entries = store.audit();
    assertThat(entries)
        .extracting(AuditEntry::action)
        .containsExactly(
            Action.INSTALLED,
            Action.ACTIVATED,
            Action.PINNED,
            Action.DEACTIVATED,
            Action.ROLLED_BACK,
            Action.REVOKED,
            Action.REVOKED);
    assertThat(entries.get(2).change().actor()).isEqualTo("bob");
    assertThat(entries.get(4).patches()).containsExactly(digest(calm));
    assertThat(entries.get(4).stackDigest()).isEqualTo(store.generation(3).stackDigest());
  }

  @Test
  void garbageIsWhatNoKeptGenerationPinOrLeaseNeeds() {
    store = open(StoreOptions.defaults().withKeepGenerations(1).withInstallLease(Duration.ZERO));
    VerifiedPatch pinned = verified("pinned");
    VerifiedPatch leased = verified("leased");
    VerifiedPatch old = verified("old");
    for (VerifiedPatch patch : List.of(pinned, leased, old, calm, fair)) {
      store.install(patch, ANN);
    }
    store.activateStack(List.of(digest(pinned)), Activation.full(), ANN);
    store.activateStack(List.of(digest(old)), Activation.full(), ANN);
    store.activateStack(List.of(digest(calm)), Activation.full(), ANN);
    store.activateStack(List.of(digest(fair)), Activation.full(), ANN);
    store.pin(1, ANN);
    try (Lease lease = store.lease(digest(leased), Duration.ofHours(1))) {
      assertThat(lease.patch()).isEqualTo(digest(leased));
      assertThat(store.collectGarbage(ANN).removed()).containsExactly(digest(old));
    }
    assertThat(store.status().generations()).containsExactly(1L, 3L, 4L);
    assertThat(store.collectGarbage(ANN).removed()).containsExactly(digest(leased));
    store.unpin(1, ANN);
    assertThat(store.collectGarbage(ANN).removed()).containsExactly(digest(pinned));
    assertThat(store.load(store.generation(3)).patches()).containsExactly(calm.patch());
    assertThat(temporary.resolve("store/blobs/sha256")).isDirectoryContaining(Files::isRegularFile);
    try (var blobs = Files.list(temporary.resolve("store/blobs/sha256"))) {
      // adapter_config.json is the same file in both
      assertThat(blobs.count()).isEqualTo(5);
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aFreshlyInstalledPatchIsKeptForAWhile() {
    store.install(calm, ANN);
    assertThat(store.collectGarbage(ANN).removed()).isEmpty();
    assertThat(store.status().installed())
        .extracting(InstalledPatch::id)
        .containsExactly("calm-1.0.0");
  }

  @Test
  void aRevocationThatACrashCutShortIsFinishedByTheNextChange() throws IOException {
    store.install(calm, ANN);
    store.install(fair, ANN);
    store.activate(digest(calm), ANN);
    // All that was written before the crash.
    new Marks(StoreLayout.open(store.directory(), Duration.ZERO)).revoke(digest(calm), "leaks");

    store.activate(digest(fair), ANN);
    assertThat(store.current().stack()).extracting(StackEntry::id).containsExactly("fair-1.0.0");
    assertThat(store.generation(2).origin()).isEqualTo(Origin.REVOKED);
  }

  @Test
  void aCanaryHasABaselineUntilItIsPromoted() {
    store.install(calm, ANN);
    store.install(fair, ANN);
    store.activate(digest(calm), ANN);
    StackGeneration canary = store.activate(digest(fair), Activation.canary(0.1), ANN);
    assertThat(canary.baseline()).isEqualTo(1);
    assertThat(canary.share()).isEqualTo(0.1);
    assertThat(store.isGood(2)).isFalse();
    assertThat(store.lastGoodBefore(3).number()).isEqualTo(1);
    assertThat(store.lastGoodBefore(1)).isEqualTo(StackGeneration.zero());

    StackGeneration full = store.promote(ANN);
    assertThat(full.isCanary()).isFalse();
    assertThat(full.stack()).isEqualTo(canary.stack());
    assertThat(store.isGood(3)).isTrue();
    assertThat(store.promote(ANN)).isEqualTo(full);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.5, 1.5, Double.NaN})
  void aShareIsAboveZeroAndAtMostOne(double share) {
    assertThatIllegalArgumentException().isThrownBy(() -> Activation.canary(share));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new StackGeneration(
                    2, 1, Origin.ACTIVATED, ANN, SignedPatches.NOW, List.of(), share, 1, true));
  }

  @Test
  void aTrialIsGoodOnceItWasFoundToWork() {
    store.install(calm, ANN);
    StackGeneration trial = store.activate(digest(calm), Activation.trial(), ANN);
    assertThat(store.lastGoodBefore(9)).isEqualTo(StackGeneration.zero());
    store.markGood(trial.number(), ANN);
    assertThat(store.lastGoodBefore(9)).isEqualTo(trial);
  }

  @Test
  void ofSeveralWhoFindAGenerationBadOneRollsBack() {
    store.install(calm, ANN);
    store.activate(digest(calm), ANN);
    assertThat(store.rollbackIfCurrent(1, 0, ANN).number()).isEqualTo(2);
    assertThat(store.rollbackIfCurrent(1, 0, ANN).number()).isEqualTo(2);
  }
}
