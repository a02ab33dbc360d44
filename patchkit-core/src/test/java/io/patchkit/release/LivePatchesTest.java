package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.patchkit.LanguageModel;
import io.patchkit.Patch;
import io.patchkit.release.StackGeneration.Origin;
import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.UntrustedPatchException;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
    Files.delete(blob(calm.files().digests().get("adapter_model.safetensors")));
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

  private Path blob(String hex) {
    return temporary.resolve("store/blobs/sha256").resolve(hex);
  }
}
