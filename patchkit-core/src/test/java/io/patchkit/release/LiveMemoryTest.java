package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.NOW;
import static io.patchkit.release.SignedPatches.deleteWeights;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.TrustedKey;
import io.patchkit.trust.UntrustedPatchException;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which patches {@link LivePatches} keeps in memory where there is no room for idle ones. */
class LiveMemoryTest {

  private static final LiveOptions NO_ROOM =
      LiveOptions.defaults().withPollInterval(Duration.ZERO).withPatchMemoryBytes(0);

  @TempDir Path temporary;
  private Instant now = NOW;
  private PatchStore store;
  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch fair = verified("fair");

  @BeforeEach
  void open() {
    store =
        PatchStore.open(
            temporary.resolve("store"),
            StoreOptions.defaults()
                .withClock(((InstantSource) () -> now).withZone(ZoneOffset.UTC)));
    store.install(calm, ANN);
    store.install(fair, ANN);
    store.activate(digest(calm), ANN);
  }

  private LivePatches follow() {
    return LivePatches.follow(EchoModel.tiny(), store, NO_ROOM);
  }

  private void activate(VerifiedPatch patch, Activation activation) {
    StackGeneration unused = store.activateStack(List.of(digest(patch)), activation, ANN);
  }

  @Test
  void whatRequestsGetIsKept() throws IOException {
    try (LivePatches live = follow()) {
      deleteWeights(store, calm);
      store.activate(digest(fair), ANN);
      live.refresh();
      assertThat(live.model().patches().patches()).containsExactly(calm.patch(), fair.patch());
    }
  }

  @Test
  void whatNoRequestGetsAnyMoreIsForgotten() throws IOException {
    try (LivePatches live = follow()) {
      activate(fair, Activation.full());
      live.refresh();
      deleteWeights(store, calm);
      store.rollback(1, ANN);
      live.refresh();
      assertThat(live.generation().number()).isEqualTo(2);
      assertThat(live.model().patches().patches()).containsExactly(fair.patch());
    }
  }

  @Test
  void whatTheBaselineOfACanaryHasIsKept() throws IOException {
    try (LivePatches live = follow()) {
      activate(fair, Activation.canary(0.5));
      live.refresh();
      assertThat(live.generation().isCanary()).isTrue();
      deleteWeights(store, calm);
      store.rollback(1, ANN);
      live.refresh();
      assertThat(live.generation().number()).isEqualTo(3);
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
    }
  }

  @Test
  void whatWasReadForARefusedGenerationIsForgotten() throws IOException {
    VerifiedPatch gone = verified("gone");
    store.install(gone, ANN);
    try (LivePatches live = follow()) {
      deleteWeights(store, gone);
      store.activateStack(List.of(digest(fair), digest(gone)), Activation.full(), ANN);
      live.refresh();
      deleteWeights(store, fair);
      activate(fair, Activation.full());
      live.refresh();
      assertThat(live.generation().number()).isEqualTo(1);
    }
  }

  @Test
  void aPatchWhoseKeyIsNotYetValidForAClockThatWasSetBackIsVerifiedAgain() {
    TrustPolicy sinceNow =
        TrustPolicy.of(
            List.of(
                TrustedKey.of(SignedPatches.SIGNER.verificationKey())
                    .withValidity(NOW, NOW.plusSeconds(3600))));
    List<RuntimeException> reasons = new ArrayList<>();
    LiveListener listener =
        new LiveListener() {
          @Override
          public void refused(StackGeneration generation, RuntimeException reason) {
            reasons.add(reason);
          }
        };
    try (LivePatches live =
        LivePatches.follow(
            EchoModel.tiny(), store, NO_ROOM.withPolicy(sinceNow).withListener(listener))) {
      now = NOW.minusSeconds(1);
      store.activate(digest(calm), ANN);
      live.refresh();
      assertThat(live.generation().number()).isEqualTo(1);
      assertThat(reasons)
          .singleElement()
          .isInstanceOfSatisfying(
              UntrustedPatchException.class,
              e -> assertThat(e.code()).isEqualTo(UntrustedPatchException.Code.KEY_NOT_YET_VALID));
    }
  }
}
