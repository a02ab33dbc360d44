package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.Composition;
import io.patchkit.PatchkitException;
import io.patchkit.release.Revocations.Standing;
import io.patchkit.release.Revocations.State;
import io.patchkit.release.StackGeneration.Origin;
import io.patchkit.release.StoreException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a store goes back to where nobody names a generation. */
class GoodGenerationsTest {

  @TempDir Path temporary;
  private PatchStore store;
  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch calmer = verified("calm", "1.1.0");
  private final VerifiedPatch fair = verified("fair");
  private final VerifiedPatch kind = verified("kind");

  @BeforeEach
  void open() {
    store = PatchStore.open(temporary.resolve("store"));
    for (VerifiedPatch patch : List.of(calm, calmer, fair, kind)) {
      store.install(patch, ANN);
    }
  }

  private void activate(VerifiedPatch... patches) {
    for (VerifiedPatch patch : patches) {
      store.activate(digest(patch), ANN);
    }
  }

  private void activateAlone(VerifiedPatch patch, Activation activation) {
    store.activateStack(List.of(digest(patch)), activation, ANN);
  }

  private StackGeneration rollback() {
    long current = store.current().number();
    return store.rollback(store.lastGoodBefore(current).number(), ANN);
  }

  private static List<String> ids(StackGeneration generation) {
    return generation.stack().stream().map(StackEntry::id).toList();
  }

  // What a rollback left

  @Test
  void aRepeatedRollbackDoesNotReturnToWhatTheFirstLeft() {
    activate(calm, calmer);
    assertThat(ids(rollback())).containsExactly("calm-1.0.0");
    assertThat(ids(rollback())).containsExactly("calm-1.0.0");
    assertThat(ids(rollback())).containsExactly("calm-1.0.0");
  }

  @Test
  void aRevocationDoesNotReturnToWhatARollbackLeft() {
    activate(calm, calmer);
    rollback();
    assertThat(ids(store.revoke(digest(calm), ANN))).isEmpty();
  }

  @Test
  void whatATrialLeavesIsLeftInOlderGenerationsToo() {
    activate(calm, calmer, calm);
    store.activate(digest(calmer), Activation.trial(), ANN);
    assertThat(rollback().number()).isEqualTo(5);
    assertThat(ids(store.revoke(digest(calm), ANN))).isEmpty();
  }

  @Test
  void whatWasLeftCountsAgainOnceItIsActivatedAndGood() {
    activate(calm, calmer);
    rollback();
    assertThat(store.lastGoodBefore(3).number()).isEqualTo(1);
    store.activate(digest(calmer), Activation.trial(), ANN);
    assertThat(store.lastGoodBefore(3).number()).isEqualTo(1);
    store.markGood(4, ANN);
    assertThat(store.lastGoodBefore(3).number()).isEqualTo(2);
    rollback();
    assertThat(store.lastGoodBefore(3).number()).isEqualTo(1);
  }

  @Test
  void whatWasRolledBackToByItsNumberCountsAgain() {
    activate(calm, calmer);
    rollback();
    store.rollback(2, ANN);
    activate(fair);
    assertThat(store.lastGoodBefore(5).number()).isEqualTo(4);
  }

  @Test
  void aRollbackThatIsTakenBackLeavesNothing() {
    activate(calm, calmer);
    rollback();
    store.rollback(2, ANN);
    assertThat(ids(store.revoke(digest(calmer), ANN))).containsExactly("calm-1.0.0");
  }

  @Test
  void aRollbackToWhatWasLeftForAnotherStackLeavesThisOne() {
    activate(calm, calmer);
    rollback();
    activateAlone(kind, Activation.full());
    store.rollback(2, ANN);
    assertThat(store.lastGoodBefore(5).number()).isEqualTo(3);
  }

  // What a revocation leaves

  @Test
  void aRevocationDoesNotBringBackWhatWasDeactivated() {
    activate(calm, calmer, fair);
    store.deactivate("calm", ANN);
    assertThat(ids(store.revoke(digest(fair), ANN))).isEmpty();
  }

  @Test
  void whatWasDeactivatedAndActivatedAgainMayComeBack() {
    activate(kind);
    store.deactivate("kind", ANN);
    activate(kind);
    activateAlone(fair, Activation.full());
    assertThat(ids(store.revoke(digest(fair), ANN))).containsExactly("kind-1.0.0");
  }

  @Test
  void aRevocationLeavesTheOtherPatchesActive() {
    activate(calm, fair, kind);
    StackGeneration rest = store.revoke(digest(calm), ANN);
    assertThat(ids(rest)).containsExactly("fair-1.0.0", "kind-1.0.0");
    assertThat(rest.origin()).isEqualTo(Origin.REVOKED);
    assertThat(store.isGood(rest.number())).isTrue();
  }

  @Test
  void aRevokedVersionGivesWayToTheOneBeforeIt() {
    activate(calm, fair, calmer);
    assertThat(ids(store.revoke(digest(calmer), ANN))).containsExactly("calm-1.0.0", "fair-1.0.0");
  }

  @Test
  void whatIsLeftOfATrialIsOnTrial() {
    activate(calm);
    store.activate(digest(fair), Activation.trial(), ANN);
    StackGeneration rest = store.revoke(digest(calm), ANN);
    assertThat(ids(rest)).containsExactly("fair-1.0.0");
    assertThat(store.isGood(rest.number())).isFalse();
  }

  @Test
  void whatOnlyACanaryHasDoesNotComeToAllByARevocation() {
    activate(calm, kind);
    store.activate(digest(fair), Activation.canary(0.1), ANN);
    StackGeneration rest = store.revoke(digest(calm), ANN);
    assertThat(ids(rest)).containsExactly("kind-1.0.0");
    assertThat(rest.isCanary()).isFalse();
  }

  @Test
  void aPatchThatRequiresARevokedOneGoesWithIt() {
    VerifiedPatch needy =
        verified("needy", "1.0.0", "needy", new Composition(List.of("calm"), List.of(), List.of()));
    store.install(needy, ANN);
    activate(kind, calm, needy);
    assertThat(ids(store.revoke(digest(calm), ANN))).containsExactly("kind-1.0.0");
  }

  // What a channel says

  private PatchStore following(Revocations revocations) {
    return PatchStore.open(
        temporary.resolve("store"), StoreOptions.defaults().withRevocations(revocations));
  }

  @Test
  void whatAChannelRevokesIsPassedOver() {
    activateAlone(kind, Activation.full());
    activateAlone(calm, Activation.full());
    activateAlone(fair, Activation.trial());
    PatchStore following =
        following(
            patch ->
                new Standing(patch.equals(digest(calm)) ? State.REVOKED : State.ACTIVE, "leaks"));
    assertThat(following.lastGoodBefore(3).number()).isEqualTo(1);
    StackGeneration back =
        following.rollbackIfCurrent(3, following.lastGoodBefore(3).number(), ANN);
    assertThat(ids(back)).containsExactly("kind-1.0.0");
  }

  @Test
  void aChannelThatCannotBeReadKeepsOutButStopsNoRevocation() {
    activate(calm, fair);
    PatchkitException unreadable = new PatchkitException("no such state");
    PatchStore following =
        following(
            patch -> {
              throw unreadable;
            });
    assertRefused(unreadable, () -> following.install(verified("bold"), ANN));
    assertRefused(unreadable, () -> following.activate(digest(kind), ANN));
    assertRefused(unreadable, () -> following.rollback(1, ANN));
    assertRefused(unreadable, () -> following.lastGoodBefore(2));
    assertRefused(unreadable, () -> following.applyRevocations(ANN));
    assertThat(store.current().number()).isEqualTo(2);

    assertThat(ids(following.revoke(digest(fair), ANN))).containsExactly("calm-1.0.0");
  }

  private static void assertRefused(Throwable cause, ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IO))
        .hasMessageContaining("no such state")
        .hasCause(cause);
  }
}
