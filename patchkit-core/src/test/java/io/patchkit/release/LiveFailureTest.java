package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.deleteWeights;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.LanguageModel;
import io.patchkit.PatchStack;
import io.patchkit.StubModel;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link LivePatches} does where a generation, a probe or a listener fails. */
class LiveFailureTest {

  private static final LiveOptions PROBED =
      LiveOptions.defaults().withPollInterval(Duration.ZERO).withProbe(candidate -> {});

  /** A model that takes no patches while {@code failing}, and counts the attempts. */
  private static final class Narrow extends StubModel {
    boolean failing = true;
    int attempts;

    @Override
    public LanguageModel withPatches(PatchStack stack) {
      attempts += stack.isEmpty() ? 0 : 1;
      if (failing && !stack.isEmpty()) {
        throw new IllegalStateException("no room for patches");
      }
      return failing ? this : EchoModel.tiny().withPatches(stack);
    }
  }

  @TempDir Path temporary;
  private PatchStore store;
  private final LiveEar ear = new LiveEar();
  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch fair = verified("fair");

  @BeforeEach
  void open() {
    store = PatchStore.open(temporary.resolve("store"));
    store.install(calm, ANN);
    store.install(fair, ANN);
  }

  @Test
  void aGoodGenerationThatOneNodeCannotUseStaysCurrent() throws IOException {
    store.activate(digest(calm), ANN);
    try (LivePatches live = LivePatches.follow(EchoModel.tiny(), store, PROBED.withListener(ear))) {
      store.activate(digest(fair), Activation.trial(), ANN);
      store.markGood(2, Change.by("another node"));
      deleteWeights(store, fair);
      List<AuditEntry> before = store.audit();
      live.refresh();
      live.refresh();

      assertThat(store.current().number()).isEqualTo(2);
      assertThat(store.audit()).isEqualTo(before);
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
      assertThat(ear.refused).containsExactly(2L);
    }
    assertThatThrownBy(() -> LivePatches.follow(EchoModel.tiny(), store, PROBED))
        .isInstanceOf(StoreException.class);
    assertThat(store.current().number()).isEqualTo(2);
  }

  @Test
  void aGenerationThatFailedHereIsUsedOnceTheNodeWorksAgain() {
    Narrow model = new Narrow();
    try (LivePatches live = LivePatches.follow(model, store, PROBED.withListener(ear))) {
      store.activate(digest(calm), ANN);
      live.refresh();
      assertThat(live.generation().number()).isZero();
      model.failing = false;
      live.refresh();
      assertThat(live.generation().number()).isEqualTo(1);
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
      assertThat(ear.refused).containsExactly(1L);
      assertThat(ear.switched).containsExactly(0L, 1L);
    }
  }

  /** At the looks 1, 2, 4, 8, 16, 32 and 64, and then at every 64th. */
  @Test
  void aGenerationThatFailsIsTriedEverMoreSeldom() {
    Narrow model = new Narrow();
    try (LivePatches live = LivePatches.follow(model, store, PROBED.withListener(ear))) {
      store.activate(digest(calm), ANN);
      List<Integer> tried = new ArrayList<>();
      for (int look = 1; look <= 256; look++) {
        int before = model.attempts;
        live.refresh();
        if (model.attempts > before) {
          tried.add(look);
        }
      }
      assertThat(tried).containsExactly(1, 2, 4, 8, 16, 32, 64, 128, 192, 256);
      assertThat(ear.refused).containsExactly(1L);

      store.activate(digest(fair), ANN);
      live.refresh();
      assertThat(ear.refused).containsExactly(1L, 2L);
    }
  }

  @Test
  void aTrialIsRolledBackOnceThoughTheGenerationBeforeItFailsToo() {
    try (LivePatches live =
        LivePatches.follow(new Narrow(), store, PROBED.withListener(ear).withActor("node-7"))) {
      store.activate(digest(calm), ANN);
      store.activate(digest(fair), Activation.trial(), ANN);
      live.refresh();
      live.refresh();
      live.refresh();
      assertThat(ear.refused).containsExactly(2L, 3L);
      assertThat(store.current().number()).isEqualTo(3);
      assertThat(store.generation(3).stack()).isEqualTo(store.generation(1).stack());
      assertThat(store.current().change().actor()).isEqualTo("node-7");
      assertThat(live.generation().number()).isZero();
    }
  }

  @Test
  @Timeout(60)
  void aLookEndsThoughOneBadTrialComesAfterTheOther() {
    LiveEar activating =
        new LiveEar() {
          @Override
          public void refused(StackGeneration generation, RuntimeException reason) {
            super.refused(generation, reason);
            store.activate(digest(fair), Activation.trial(), ANN);
          }
        };
    try (LivePatches live =
        LivePatches.follow(new Narrow(), store, PROBED.withListener(activating))) {
      store.activate(digest(fair), Activation.trial(), ANN);
      live.refresh();
      assertThat(activating.refused).containsExactly(1L, 2L, 3L, 4L);
      assertThat(store.current().number()).isEqualTo(5);
    }
  }

  @Test
  void aListenerThatThrowsChangesNothing() {
    LiveListener throwing =
        new LiveListener() {
          @Override
          public void switched(StackGeneration generation) {
            throw new IllegalStateException("no metrics");
          }

          @Override
          public void refused(StackGeneration generation, RuntimeException reason) {
            throw new NoClassDefFoundError("metrics");
          }
        };
    HealthProbe probe =
        candidate -> {
          if (candidate.patches().patches().contains(fair.patch())) {
            throw new IllegalStateException("answers nonsense");
          }
        };
    try (LivePatches live =
        LivePatches.follow(
            EchoModel.tiny(), store, PROBED.withProbe(probe).withListener(throwing))) {
      store.activate(digest(calm), Activation.trial(), ANN);
      live.refresh();
      assertThat(live.generation().number()).isEqualTo(1);
      assertThat(store.current().number()).isEqualTo(1);
      assertThat(store.isGood(1)).isTrue();

      store.activate(digest(fair), Activation.trial(), ANN);
      live.refresh();
      assertThat(live.generation().number()).isEqualTo(3);
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
    }
  }

  @Test
  void whatAProbeAssertsInVainIsRolledBack() {
    HealthProbe probe =
        candidate -> assertThat(candidate.patches().isEmpty()).as("the bare model").isTrue();
    try (LivePatches live =
        LivePatches.follow(EchoModel.tiny(), store, PROBED.withProbe(probe).withListener(ear))) {
      store.activate(digest(calm), Activation.trial(), ANN);
      live.refresh();
      assertThat(ear.refused).containsExactly(1L);
      assertThat(store.current().origin()).isEqualTo(StackGeneration.Origin.ROLLED_BACK);
      assertThat(store.current().change().reason()).contains("the bare model");
      assertThat(live.generation().number()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x"})
  void whatFailsWithALongMessageIsRolledBack(String start) {
    String message = start + "\uD83D\uDE00".repeat(1000);
    HealthProbe probe =
        candidate -> {
          if (!candidate.patches().isEmpty()) {
            throw new IllegalStateException(message);
          }
        };
    try (LivePatches live = LivePatches.follow(EchoModel.tiny(), store, PROBED.withProbe(probe))) {
      store.activate(digest(calm), Activation.trial(), ANN);
      live.refresh();
      assertThat(store.current().origin()).isEqualTo(StackGeneration.Origin.ROLLED_BACK);
      assertThat(store.current().change().reason())
          .hasSizeBetween(999, 1000)
          .endsWith("\uD83D\uDE00");
    }
  }

  @Test
  @Timeout(60)
  void anErrorDoesNotEndTheFollowing() throws InterruptedException {
    AtomicInteger probes = new AtomicInteger();
    HealthProbe probe =
        candidate -> {
          if (probes.incrementAndGet() == 1) {
            throw new NoClassDefFoundError("judge");
          }
        };
    LiveOptions options = PROBED.withProbe(probe).withPollInterval(Duration.ofMillis(5));
    try (LivePatches live = LivePatches.follow(EchoModel.tiny(), store, options)) {
      store.activate(digest(calm), Activation.trial(), ANN);
      for (int i = 0; i < 2000 && live.generation().number() == 0; i++) {
        Thread.sleep(5);
      }
      assertThat(live.model().patches().patches()).containsExactly(calm.patch());
      assertThat(probes).hasValue(2);
    }
  }
}
