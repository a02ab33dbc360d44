package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.deleteWeights;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.LanguageModel;
import io.patchkit.ModelShape;
import io.patchkit.Patch;
import io.patchkit.PatchStack;
import io.patchkit.StubModel;
import io.patchkit.release.StackGeneration.Origin;
import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.TrustedKey;
import io.patchkit.trust.UntrustedPatchException;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LivePatchesTest {

  private static final LiveOptions MANUAL = LiveOptions.defaults().withPollInterval(Duration.ZERO);

  @TempDir Path temporary;
  private PatchStore store;
  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch fair = verified("fair");

  @BeforeEach
  void open() {
    store = PatchStore.open(temporary.resolve("store"));
    store.install(calm, ANN);
    store.install(fair, ANN);
  }

  private LivePatches follow(LiveOptions options) {
    return LivePatches.follow(EchoModel.tiny(), store, options);
  }

  @Test
  void newRequestsGetWhatIsActivatedAndOldOnesKeepTheirs() {
    try (LivePatches live = follow(MANUAL)) {
      LanguageModel first = live.model();
      store.activate(digest(calm), ANN);
      live.refresh();
      LanguageModel second = live.model();
      store.rollback(0, ANN);
      live.refresh();

      assertThat(first.patches().isEmpty()).isTrue();
      assertThat(second.patches().patches()).containsExactly(calm.patch());
      assertThat(live.model().patches().isEmpty()).isTrue();
    }
  }

  @Test
  void anotherProcessActivationIsSeenWithoutAsking() throws InterruptedException {
    try (LivePatches live = follow(MANUAL.withPollInterval(Duration.ofMillis(5)))) {
      PatchStore.open(temporary.resolve("store")).activate(digest(calm), ANN);
      for (int i = 0; i < 2000 && live.generation().number() == 0; i++) {
        Thread.sleep(5);
      }
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
    }
  }

  @Test
  void aTrialThatPassesTheProbeIsGood() {
    List<LanguageModel> probed = new ArrayList<>();
    try (LivePatches live = follow(MANUAL.withProbe(probed::add))) {
      store.activate(digest(calm), Activation.trial(), ANN);
      live.refresh();
      assertThat(probed).containsExactly(live.model());
      assertThat(store.isGood(1)).isTrue();
    }
  }

  /** A directory in the place of the log: nothing can be noted until it is gone. */
  @Test
  void aTrialThatPassesIsUsedThoughTheStoreCannotNoteItYet() throws IOException {
    Path log = temporary.resolve("store/audit.log");
    Path elsewhere = temporary.resolve("audit.log");
    try (LivePatches live = follow(MANUAL.withProbe(candidate -> {}))) {
      store.activate(digest(calm), Activation.trial(), ANN);
      Files.move(log, elsewhere);
      Files.createDirectory(log);
      live.refresh();
      assertThat(live.generation().number()).isEqualTo(1);
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
      live.refresh();
      assertThat(store.isGood(1)).isFalse();

      Files.delete(log);
      Files.move(elsewhere, log);
      live.refresh();
      assertThat(store.isGood(1)).isTrue();
      AuditEntry last = store.audit().get(store.audit().size() - 1);
      assertThat(last.action()).isEqualTo(AuditEntry.Action.MARKED_GOOD);
      assertThat(last.target()).isEqualTo(1);
      assertThat(store.current().number()).isEqualTo(1);
    }
  }

  @Test
  void aTrialThatFailsTheProbeIsRolledBackToTheLastGoodGeneration() {
    store.activate(digest(calm), ANN);
    HealthProbe probe =
        candidate -> {
          if (candidate.patches().patches().contains(fair.patch())) {
            throw new IllegalStateException("answers nonsense");
          }
        };
    try (LivePatches live = follow(MANUAL.withProbe(probe))) {
      store.activate(digest(fair), Activation.trial(), ANN);
      live.refresh();
      assertThat(live.generation().number()).isEqualTo(3);
      assertThat(live.generation().origin()).isEqualTo(Origin.ROLLED_BACK);
      assertThat(live.generation().change().reason()).contains("answers nonsense");
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
    }
  }

  @Test
  void closingEndsTheThreadThatFollowsAndLeavesTheViews() throws Exception {
    CompletableFuture<Thread> followed = new CompletableFuture<>();
    LiveListener listener =
        new LiveListener() {
          @Override
          public void switched(StackGeneration generation) {
            if (generation.number() == 1) {
              followed.complete(Thread.currentThread());
            }
          }
        };
    LivePatches live = follow(MANUAL.withPollInterval(Duration.ofMillis(5)).withListener(listener));
    try (live) {
      store.activate(digest(calm), ANN);
      // An application that ends without closing it ends.
      assertThat(followed.get(20, TimeUnit.SECONDS).isDaemon()).isTrue();
    }
    followed.get().join(20_000);
    assertThat(followed.get().isAlive()).isFalse();
    assertThat(live.model().patches().patches()).containsExactly(calm.patch());
  }

  @Test
  void aDamagedPatchIsNotServedAndTheOldOneGoesOn() throws IOException {
    store.activate(digest(calm), ANN);
    List<RuntimeException> reasons = new ArrayList<>();
    LiveListener listener =
        new LiveListener() {
          @Override
          public void refused(StackGeneration generation, RuntimeException reason) {
            reasons.add(reason);
          }
        };
    try (LivePatches live = follow(MANUAL.withListener(listener))) {
      store.activate(digest(fair), ANN);
      Path weights = blob(fair.files().digests().get("adapter_model.safetensors"));
      byte[] bytes = Files.readAllBytes(weights);
      bytes[bytes.length - 1] ^= 1;
      assertThat(weights.toFile().setWritable(true)).isTrue();
      Files.write(weights, bytes);
      live.refresh();
      live.refresh();

      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
      assertThat(reasons).hasSize(1);
      assertThat(((StoreException) reasons.get(0)).reason())
          .isEqualTo(StoreException.Reason.CORRUPT_BLOB);
    }
  }

  @Test
  void aModelIsNotServedBareWhereItsPatchesCannotBeRead() throws IOException {
    store.activate(digest(calm), ANN);
    deleteWeights(store, calm);
    assertThatThrownBy(() -> follow(MANUAL)).isInstanceOf(StoreException.class);
  }

  @Test
  void aPolicyIsHeldAgainstTheStoredSignatures() {
    store.activate(digest(calm), ANN);
    try (LivePatches live = follow(MANUAL.withPolicy(SignedPatches.POLICY))) {
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
    }
    TrustPolicy nobody =
        SignedPatches.POLICY.withRevoked(SignedPatches.SIGNER.verificationKey().keyId(), "lost");
    assertThatThrownBy(() -> follow(MANUAL.withPolicy(nobody)))
        .isInstanceOf(UntrustedPatchException.class);
  }

  @Test
  void aCanaryServesItsShareAndAlwaysTheSameKeys() {
    store.activate(digest(calm), ANN);
    store.activate(digest(fair), Activation.canary(0.1), ANN);
    List<String> tenPercent = served(follow(MANUAL));
    assertThat(tenPercent.size() / 10_000.0).isCloseTo(0.1, within(0.01));
    assertThat(served(follow(MANUAL))).isEqualTo(tenPercent);

    store.rollback(1, ANN);
    store.activate(digest(fair), Activation.canary(0.5), ANN);
    assertThat(served(follow(MANUAL))).containsAll(tenPercent);

    store.promote(ANN);
    try (LivePatches live = follow(MANUAL)) {
      assertThat(live.model().patches().patches()).containsExactly(calm.patch(), fair.patch());
      assertThat(served(live)).hasSize(10_000);
    }
  }

  private List<String> served(LivePatches following) {
    try (LivePatches live = following) {
      List<String> served = new ArrayList<>();
      for (int i = 0; i < 10_000; i++) {
        List<Patch> patches = live.model("user-" + i).patches().patches();
        if (patches.contains(fair.patch())) {
          served.add("user-" + i);
        }
        assertThat(patches).contains(calm.patch());
      }
      return served;
    }
  }

  @Test
  void aCanaryThatComesMeanwhileLeavesOtherRequestsWithItsBaseline() {
    try (LivePatches live = follow(MANUAL)) {
      // Both before the next look: the baseline is not what was served last.
      store.activate(digest(calm), ANN);
      store.activate(digest(fair), Activation.canary(1e-9), ANN);
      live.refresh();
      assertThat(live.generation().number()).isEqualTo(2);
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
      assertThat(live.model("user").patches().patches()).containsExactly(calm.patch());

      store.activate(digest(fair), Activation.full(), ANN);
      live.refresh();
      LanguageModel before = live.model();
      store.activateStack(List.of(digest(fair)), Activation.canary(1e-9), ANN);
      live.refresh();
      assertThat(live.model()).isSameAs(before);
      assertThat(live.model("user")).isSameAs(before);
    }
  }

  @Test
  void goingBackToAPatchReadsNothing() throws IOException {
    store.activate(digest(calm), ANN);
    try (LivePatches live = follow(MANUAL.withPolicy(SignedPatches.POLICY))) {
      store.activateStack(List.of(digest(fair)), Activation.full(), ANN);
      live.refresh();
      store.rollback(0, ANN);
      live.refresh();
      deleteWeights(store, calm);
      deleteWeights(store, fair);
      store.rollback(1, ANN);
      live.refresh();
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
      store.rollback(2, ANN);
      live.refresh();
      assertThat(live.model().patches().patches()).containsExactly(fair.patch());
    }
  }

  @Test
  void aPreparedPatchIsEncodedWithTheOthersAndNotReadWhenItIsActivated() throws IOException {
    store.activate(digest(calm), ANN);
    List<PatchStack> encoded = new ArrayList<>();
    StubModel model =
        new StubModel() {
          @Override
          public ModelShape shape() {
            return EchoModel.tiny().shape();
          }

          @Override
          public LanguageModel withPatches(PatchStack stack) {
            encoded.add(stack);
            return super.withPatches(stack);
          }
        };
    try (LivePatches live = LivePatches.follow(model, store, MANUAL)) {
      live.prepare(digest(fair));
      assertThat(encoded).last().isEqualTo(PatchStack.of(calm.patch(), fair.patch()));
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());

      deleteWeights(store, fair);
      store.activate(digest(fair), ANN);
      live.refresh();
      assertThat(live.model().patches().patches()).containsExactly(calm.patch(), fair.patch());
    }
  }

  @Test
  void whatDoesNotFitInTheMemoryIsReadAgain() throws IOException {
    try (LivePatches live = follow(MANUAL.withPatchMemoryBytes(0))) {
      live.prepare(digest(fair));
      deleteWeights(store, fair);
      store.activate(digest(fair), ANN);
      live.refresh();
      assertThat(live.generation().number()).isZero();
    }
  }

  @Test
  void ofPreparedPatchesTheOneThatWasAskedForLastIsKept() throws IOException {
    VerifiedPatch last = verified("last");
    store.install(last, ANN);
    long room = 0;
    for (InstalledPatch.StoredFile file : store.installed(digest(last)).files()) {
      room += 2L * file.size();
    }
    try (LivePatches live = follow(MANUAL.withPatchMemoryBytes(room))) {
      live.prepare(digest(fair));
      live.prepare(digest(last));
      deleteWeights(store, fair);
      deleteWeights(store, last);
      store.activateStack(List.of(digest(fair)), Activation.full(), ANN);
      live.refresh();
      assertThat(live.generation().number()).isZero();
      store.activateStack(List.of(digest(last)), Activation.full(), ANN);
      live.refresh();
      assertThat(live.model().patches().patches()).containsExactly(last.patch());
    }
  }

  @Test
  void aRevokedPatchDoesNotComeFromTheMemory() {
    store.activate(digest(calm), ANN);
    Set<Digest> revoked = new HashSet<>();
    Revocations channel =
        patch ->
            new Revocations.Standing(
                revoked.contains(patch) ? Revocations.State.REVOKED : Revocations.State.ACTIVE,
                "leaks");
    PatchStore following =
        PatchStore.open(
            temporary.resolve("store"), StoreOptions.defaults().withRevocations(channel));
    try (LivePatches live = LivePatches.follow(EchoModel.tiny(), following, MANUAL)) {
      live.prepare(digest(fair));
      // By a process that does not know what the channel says.
      store.activate(digest(fair), ANN);
      revoked.add(digest(fair));
      live.refresh();

      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
      assertThat(store.current().origin()).isEqualTo(Origin.REVOKED);
      assertThat(store.status().revoked()).containsEntry(digest(fair), "leaks");
      assertThatThrownBy(() -> live.prepare(digest(fair)))
          .isInstanceOfSatisfying(
              StoreException.class,
              e -> assertThat(e.reason()).isEqualTo(StoreException.Reason.REVOKED));
    }
  }

  @Test
  void aPatchWhoseKeyHasExpiredSinceDoesNotComeFromTheMemory() {
    Instant[] now = {SignedPatches.NOW};
    PatchStore aging =
        PatchStore.open(
            temporary.resolve("store"),
            StoreOptions.defaults()
                .withClock(((InstantSource) () -> now[0]).withZone(ZoneOffset.UTC)));
    TrustPolicy forAnHour =
        TrustPolicy.of(
            List.of(
                TrustedKey.of(SignedPatches.SIGNER.verificationKey())
                    .withValidity(SignedPatches.NOW, SignedPatches.NOW.plusSeconds(3600))));
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
            EchoModel.tiny(), aging, MANUAL.withPolicy(forAnHour).withListener(listener))) {
      live.prepare(digest(fair));
      now[0] = SignedPatches.NOW.plusSeconds(3601);
      aging.activate(digest(fair), ANN);
      live.refresh();
      assertThat(live.generation().number()).isZero();
      assertThat(((UntrustedPatchException) reasons.get(0)).code())
          .isEqualTo(UntrustedPatchException.Code.KEY_EXPIRED);
    }
  }

  private Path blob(String hex) {
    return temporary.resolve("store/blobs/sha256").resolve(hex);
  }
}
