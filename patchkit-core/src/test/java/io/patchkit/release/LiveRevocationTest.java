package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.NOW;
import static io.patchkit.release.SignedPatches.SIGNER;
import static io.patchkit.release.SignedPatches.deleteWeights;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchkit.LanguageModel;
import io.patchkit.PatchStack;
import io.patchkit.PatchkitException;
import io.patchkit.StubModel;
import io.patchkit.trust.Curve;
import io.patchkit.trust.PatchFiles;
import io.patchkit.trust.Signer;
import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.TrustedKey;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link LivePatches} does where what it serves is revoked, or nobody can tell. */
class LiveRevocationTest {

  private static final LiveOptions MANUAL = LiveOptions.defaults().withPollInterval(Duration.ZERO);

  @TempDir Path temporary;
  private PatchStore store;
  private Instant now = NOW;
  private final LiveEar ear = new LiveEar();
  private final Set<Digest> revoked = new HashSet<>();
  private final Signer lasting = Signer.generate(Curve.P256);
  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch fair = verified("fair");
  private final VerifiedPatch calmer = lasting(verified("calm", "1.1.0"));
  private final VerifiedPatch kind = lasting(verified("kind"));

  /** The patch, signed by a key that does not expire. */
  private VerifiedPatch lasting(VerifiedPatch patch) {
    PatchFiles files = patch.files();
    return VerifiedPatch.verify(
        files,
        List.of(lasting.sign(files)),
        TrustPolicy.of(lasting.verificationKey()),
        SignedPatches.CLOCK);
  }

  @BeforeEach
  void open() {
    store = open(Revocations.none());
    for (VerifiedPatch patch : List.of(calm, fair, calmer, kind)) {
      store.install(patch, ANN);
    }
  }

  private PatchStore open(Revocations revocations) {
    return PatchStore.open(
        temporary.resolve("store"),
        StoreOptions.defaults()
            .withClock(((InstantSource) () -> now).withZone(ZoneOffset.UTC))
            .withRevocations(revocations));
  }

  private void activateAlone(VerifiedPatch patch, Activation activation) {
    store.activateStack(List.of(digest(patch)), activation, ANN);
  }

  private void assertServed(LivePatches live, long generation, VerifiedPatch... patches) {
    assertThat(live.generation().number()).isEqualTo(generation);
    assertThat(live.model().patches().patches())
        .containsExactlyElementsOf(List.of(patches).stream().map(VerifiedPatch::patch).toList());
  }

  private LiveOptions whereTheFirstKeyExpires() {
    return MANUAL
        .withListener(ear)
        .withPolicy(
            TrustPolicy.of(
                List.of(
                    TrustedKey.of(SIGNER.verificationKey())
                        .withValidity(NOW, NOW.plusSeconds(3600)),
                    TrustedKey.of(lasting.verificationKey()))));
  }

  @Test
  void aRevokedPatchGoesThoughWhatTakesItsPlaceCannotBeUsed() {
    activateAlone(calm, Activation.full());
    activateAlone(calmer, Activation.full());
    now = NOW.plusSeconds(3601);
    try (LivePatches live =
        LivePatches.follow(EchoModel.tiny(), store, whereTheFirstKeyExpires())) {
      assertServed(live, 2, calmer);
      store.revoke(digest(calmer), ANN);
      for (int look = 0; look < 8; look++) {
        live.refresh();
        assertServed(live, 0);
      }
      assertThat(ear.switched).containsExactly(2L, 0L);
      assertThat(ear.refused).containsExactly(3L);
      assertThat(store.current().number()).isEqualTo(3);

      now = NOW;
      for (int look = 0; look < 8; look++) {
        live.refresh();
      }
      assertServed(live, 3, calm);
    }
  }

  @Test
  void theNewestGoodGenerationThatCanBeUsedTakesItsPlace() {
    activateAlone(kind, Activation.full());
    activateAlone(calm, Activation.full());
    activateAlone(calmer, Activation.full());
    now = NOW.plusSeconds(3601);
    try (LivePatches live =
        LivePatches.follow(EchoModel.tiny(), store, whereTheFirstKeyExpires())) {
      store.revoke(digest(calmer), ANN);
      live.refresh();
      assertServed(live, 1, kind);
      assertThat(store.current().number()).isEqualTo(4);
    }
  }

  /** The store's current generation has no revoked patch: the revocation makes no new one. */
  @Test
  void aRevokedPatchGoesThoughTheNextAttemptIsFarAway() throws IOException {
    activateAlone(calm, Activation.full());
    try (LivePatches live = LivePatches.follow(EchoModel.tiny(), store, MANUAL.withListener(ear))) {
      activateAlone(fair, Activation.full());
      deleteWeights(store, fair);
      for (int look = 0; look < 4; look++) {
        live.refresh();
      }
      assertServed(live, 1, calm);
      store.revoke(digest(calm), ANN);
      assertThat(store.current().number()).isEqualTo(2);
      live.refresh();
      assertServed(live, 0);
    }
  }

  @Test
  void theListenerHearsOfEachAttemptWhileARevokedPatchIsServed() {
    boolean[] failing = {false};
    LanguageModel model =
        new StubModel() {
          @Override
          public LanguageModel withPatches(PatchStack stack) {
            if (failing[0]) {
              throw new IllegalStateException("no room");
            }
            return EchoModel.tiny().withPatches(stack);
          }
        };
    activateAlone(calm, Activation.full());
    try (LivePatches live = LivePatches.follow(model, store, MANUAL.withListener(ear))) {
      failing[0] = true;
      activateAlone(fair, Activation.full());
      store.revoke(digest(calm), ANN);
      for (int look = 0; look < 3; look++) {
        live.refresh();
      }
      assertServed(live, 1, calm);
      assertThat(ear.refused).containsExactly(2L, 2L, 2L);
      failing[0] = false;
      live.refresh();
      assertServed(live, 2, fair);
    }
  }

  @Test
  void aFailedTrialIsLeftThoughTheChannelRevokesTheGenerationBeforeIt() {
    PatchStore following =
        open(
            patch ->
                new Revocations.Standing(
                    revoked.contains(patch) ? Revocations.State.REVOKED : Revocations.State.ACTIVE,
                    "leaks"));
    HealthProbe probe = candidate -> assertThat(candidate.patches().patches()).hasSizeLessThan(2);
    activateAlone(kind, Activation.full());
    activateAlone(calm, Activation.full());
    try (LivePatches live =
        LivePatches.follow(EchoModel.tiny(), following, MANUAL.withProbe(probe))) {
      store.activateStack(List.of(digest(kind), digest(fair)), Activation.trial(), ANN);
      revoked.add(digest(calm));
      live.refresh();
      assertServed(live, 4, kind);
    }
  }

  @Test
  void whatTheChannelThrowsDoesNotLeaveTheLook() {
    boolean[] damaged = {false};
    PatchStore following =
        open(
            patch -> {
              if (damaged[0]) {
                throw new PatchkitException("the state is damaged");
              }
              return Revocations.none().of(patch);
            });
    activateAlone(calm, Activation.full());
    LiveOptions probed =
        MANUAL
            .withListener(ear)
            .withProbe(
                candidate -> {
                  damaged[0] = true;
                  throw new IllegalStateException("answers nonsense");
                });
    try (LivePatches live = LivePatches.follow(EchoModel.tiny(), following, probed)) {
      activateAlone(fair, Activation.trial());
      live.refresh();
      assertServed(live, 1, calm);
      assertThat(store.current().number()).isEqualTo(2);
      damaged[0] = false;
      live.refresh();
      assertServed(live, 1, calm);
      assertThat(ear.refused).containsExactly(2L);
    }
  }
}
