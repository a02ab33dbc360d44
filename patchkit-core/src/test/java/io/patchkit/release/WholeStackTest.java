package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.Composition;
import io.patchkit.release.Revocations.Standing;
import io.patchkit.release.Revocations.State;
import io.patchkit.release.StoreException.Reason;
import io.patchkit.trust.VerifiedPatch;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked of a stack that is activated as a whole. */
class WholeStackTest {

  @TempDir Path temporary;
  private PatchStore store;
  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch fair = verified("fair");
  private final VerifiedPatch kind = verified("kind");

  @BeforeEach
  void open() {
    store = PatchStore.open(temporary.resolve("store"));
    for (VerifiedPatch patch : List.of(calm, fair, kind)) {
      store.install(patch, ANN);
    }
    store.activate(digest(calm), ANN);
    store.activate(digest(fair), ANN);
  }

  private void assertRefused(Reason reason, PatchStore by, VerifiedPatch... stack) {
    assertRefused(reason, () -> activate(by, stack));
  }

  private static StackGeneration activate(PatchStore store, VerifiedPatch... stack) {
    List<Digest> digests = List.of(stack).stream().map(SignedPatches::digest).toList();
    return store.activateStack(digests, Activation.full(), ANN);
  }

  private PatchStore whereAllAre(State state) {
    return PatchStore.open(
        temporary.resolve("store"),
        StoreOptions.defaults().withRevocations(patch -> new Standing(state, "said the channel")));
  }

  @ParameterizedTest
  @CsvSource({"REVOKED, REVOKED", "WITHDRAWN, WITHDRAWN"})
  void aPatchThatComesAnewHasToBeInGoodStanding(State state, Reason reason) {
    assertRefused(reason, whereAllAre(state), calm, fair, kind);
  }

  @Test
  void aPatchThatTheStoreKnowsToBeRevokedDoesNotComeBack() {
    store.revoke(digest(kind), ANN);
    assertRefused(Reason.REVOKED, store, calm, kind);
  }

  @Test
  void aWithdrawnPatchThatIsActiveStaysInAnotherOrder() {
    StackGeneration turned = activate(whereAllAre(State.WITHDRAWN), fair, calm);
    assertThat(turned.stack()).extracting(StackEntry::name).containsExactly("fair", "calm");
    assertThat(store.current()).isEqualTo(turned);
  }

  private PatchStore whereKindIs(State state, boolean isStale) {
    Revocations revocations =
        new Revocations() {
          @Override
          public Standing of(Digest patch) {
            return new Standing(patch.equals(digest(kind)) ? state : State.ACTIVE, "it leaks");
          }

          @Override
          public boolean isStale() {
            return isStale;
          }
        };
    return PatchStore.open(
        temporary.resolve("store"), StoreOptions.defaults().withRevocations(revocations));
  }

  private void assertRefused(Reason reason, ThrowingCallable change) {
    StackGeneration before = store.current();
    assertThatThrownBy(change)
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    assertThat(store.current()).isEqualTo(before);
  }

  /** What a canary has beyond its baseline comes anew to the requests that the baseline serves. */
  @ParameterizedTest
  @CsvSource({"REVOKED, false, REVOKED", "WITHDRAWN, false, WITHDRAWN", "ACTIVE, true, STALE"})
  void aCanaryThatLostItsStandingComesToNoMoreRequests(
      State state, boolean isStale, Reason reason) {
    store.activate(digest(kind), Activation.canary(0.05), ANN);
    PatchStore following = whereKindIs(state, isStale);
    assertRefused(reason, () -> following.promote(ANN));
    assertRefused(reason, following, calm, fair, kind);
    assertRefused(reason, () -> following.activate(digest(fair), ANN));
    assertRefused(reason, () -> following.deactivate("fair", ANN));

    assertThat(following.deactivate("kind", ANN).stack())
        .extracting(StackEntry::name)
        .containsExactly("calm", "fair");
  }

  @ParameterizedTest
  @CsvSource({"WITHDRAWN, false", "ACTIVE, true"})
  void aCanaryThatOnlyDropsAPatchIsPromotedWhateverTheRestIs(State state, boolean isStale) {
    store.activate(digest(kind), ANN);
    store.activateStack(List.of(digest(kind)), Activation.canary(0.05), ANN);
    assertThat(whereKindIs(state, isStale).promote(ANN).stack())
        .extracting(StackEntry::name)
        .containsExactly("kind");
  }

  /** All requests get by the rollback what only a share of them had. */
  @ParameterizedTest
  @CsvSource({"REVOKED, false, REVOKED", "WITHDRAWN, false, WITHDRAWN", "ACTIVE, true, STALE"})
  void aCanaryIsRolledBackToAsItIsPromoted(State state, boolean isStale, Reason reason) {
    long canary = store.activate(digest(kind), Activation.canary(0.05), ANN).number();
    PatchStore following = whereKindIs(state, isStale);
    assertRefused(reason, () -> following.rollback(canary, ANN));
    store.deactivate("kind", ANN);
    assertRefused(reason, () -> following.rollback(canary, ANN));
    assertRefused(reason, () -> following.rollbackIfCurrent(store.current().number(), canary, ANN));

    StackGeneration all = whereKindIs(State.ACTIVE, false).rollback(canary, ANN);
    assertThat(all.stack()).extracting(StackEntry::name).containsExactly("calm", "fair", "kind");
    assertThat(all.isCanary()).isFalse();
  }

  /** As a rollback to any generation: what all requests had, or have, is asked for no standing. */
  @ParameterizedTest
  @CsvSource({"WITHDRAWN, false", "ACTIVE, true"})
  void aCanaryWhoseBaselineHadThePatchIsRolledBackToWhateverItIs(State state, boolean isStale) {
    store.activate(digest(kind), ANN);
    long canary = store.activateStack(List.of(digest(kind)), Activation.canary(0.05), ANN).number();
    store.activateStack(List.of(digest(calm)), Activation.full(), ANN);
    assertThat(whereKindIs(state, isStale).rollback(canary, ANN).stack())
        .extracting(StackEntry::name)
        .containsExactly("kind");
  }

  @Test
  void aRevokedPatchIsRefusedThoughAllRequestsHaveIt() {
    store.activate(digest(kind), ANN);
    PatchStore following = whereKindIs(State.REVOKED, false);
    assertRefused(Reason.REVOKED, following, kind, calm);
    store.activateStack(List.of(digest(kind)), Activation.canary(0.05), ANN);
    assertRefused(Reason.REVOKED, () -> following.promote(ANN));
    assertThat(following.deactivate("kind", ANN).stack()).isEmpty();
  }

  private VerifiedPatch requiring(String name, String... required) {
    VerifiedPatch patch =
        verified(name, "1.0.0", name, new Composition(List.of(required), List.of(), List.of()));
    store.install(patch, ANN);
    return patch;
  }

  @Test
  void twoPatchesThatRequireEachOther() {
    VerifiedPatch a = requiring("a", "b");
    VerifiedPatch b = requiring("b", "a");
    assertRefused(Reason.REQUIREMENT_CYCLE, store, a, b);
  }

  @Test
  void aChainOfRequirementsInTheWrongOrder() {
    VerifiedPatch a = requiring("a", "b");
    VerifiedPatch b = requiring("b", "calm");
    assertRefused(Reason.REQUIREMENT_BEHIND, store, a, b, calm);
    assertThat(activate(store, calm, b, a).stack())
        .extracting(StackEntry::name)
        .containsExactly("calm", "b", "a");
  }
}
