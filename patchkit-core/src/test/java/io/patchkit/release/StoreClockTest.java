package io.patchkit.release;

import static io.patchkit.release.SignedPatches.ANN;
import static io.patchkit.release.SignedPatches.NOW;
import static io.patchkit.release.SignedPatches.SIGNER;
import static io.patchkit.release.SignedPatches.digest;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.release.StoreException.Reason;
import io.patchkit.release.channel.ChannelClient;
import io.patchkit.release.channel.ChannelEntry;
import io.patchkit.release.channel.ChannelException;
import io.patchkit.release.channel.ChannelKeys;
import io.patchkit.release.channel.ChannelPublisher;
import io.patchkit.release.channel.ChannelView;
import io.patchkit.release.channel.MetadataFetcher;
import io.patchkit.trust.Curve;
import io.patchkit.trust.Signer;
import io.patchkit.trust.VerifiedPatch;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a clock that is a year ahead or behind does to a store, and what it does not. */
class StoreClockTest {

  private static final Duration YEAR = Duration.ofDays(365);

  @TempDir Path temporary;
  private Instant now = NOW;
  private final Clock clock = ((InstantSource) () -> now).withZone(ZoneOffset.UTC);
  private final VerifiedPatch calm = verified("calm");
  private final VerifiedPatch fair = verified("fair");
  private final VerifiedPatch bold = verified("bold");

  private PatchStore open(Revocations revocations) {
    return PatchStore.open(
        temporary.resolve("store"),
        StoreOptions.defaults()
            .withKeepGenerations(1)
            .withClock(clock)
            .withRevocations(revocations));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, -1})
  void noGenerationPinOrEntryIsLost(int years) {
    PatchStore store = open(Revocations.none());
    for (VerifiedPatch patch : List.of(calm, fair)) {
      store.install(patch, ANN);
      store.activate(digest(patch), ANN);
    }
    store.pin(1, ANN);
    List<StackGeneration> history = store.history();
    List<AuditEntry> audit = store.audit();

    now = NOW.plus(YEAR.multipliedBy(years));
    assertThat(store.history()).isEqualTo(history);
    assertThat(store.audit()).isEqualTo(audit);
    store.install(bold, ANN);
    store.activate(digest(bold), ANN);
    store.rollback(2, ANN);
    store.collectGarbage(ANN);
    assertThat(store.load(store.current()).patches()).containsExactly(calm.patch(), fair.patch());
    assertThat(store.load(store.generation(1)).patches()).containsExactly(calm.patch());

    now = NOW;
    store.rollback(1, ANN);
    assertThat(store.current().number()).isEqualTo(5);
    assertThat(store.current().created()).isEqualTo(NOW);
    assertThat(store.generation(4).created()).isEqualTo(NOW.plus(YEAR.multipliedBy(years)));
    assertThat(store.load(store.current()).patches()).containsExactly(calm.patch());
    assertThat(store.history()).extracting(StackGeneration::number).containsExactly(1L, 3L, 4L, 5L);
    assertThat(store.audit())
        .extracting(AuditEntry::sequence)
        .isEqualTo(LongStream.rangeClosed(1, 10).boxed().toList());
  }

  @Test
  void aLeaseEndsByTheClockAndTheInstalledPatchCanComeAgain() {
    PatchStore store = open(Revocations.none());
    store.install(calm, ANN);
    store.activate(digest(calm), ANN);
    store.install(fair, ANN);
    now = NOW.plus(YEAR);
    store.install(bold, ANN);
    assertThat(store.collectGarbage(ANN).removed()).containsExactly(digest(fair));

    // The lease of a clock that was ahead is long, not lost.
    now = NOW;
    assertThat(store.collectGarbage(ANN).removed()).isEmpty();
    store.install(fair, ANN);
    now = NOW.minus(YEAR);
    assertThat(store.collectGarbage(ANN).removed()).isEmpty();
    assertThat(store.status().installed()).hasSize(3);
  }

  @Test
  void aChannelIsExpiredForAClockAheadAndGoodAgainWhenItIsSet() {
    ChannelPublisher publisher = publish();
    ChannelClient client = follow(publisher);
    client.refresh();
    PatchStore store = open(client);
    activateCalmThenFair(store);

    now = NOW.plus(YEAR).plusSeconds(1);
    assertCode(ChannelException.Code.EXPIRED, client::refresh);
    requireNothingNewButRollback(store);

    now = NOW.plusSeconds(60);
    client.refresh();
    store.install(bold, ANN);
  }

  @Test
  void aChannelCallsNothingFreshByAClockThatIsBehind() {
    ChannelPublisher publisher = publish();
    ChannelClient client = follow(publisher);
    client.refresh();
    PatchStore store = open(client);
    activateCalmThenFair(store);

    now = NOW.minus(YEAR);
    ChannelView view = client.refresh();
    assertCode(ChannelException.Code.CLOCK_BEHIND, () -> view.requireInstallable(bold.identity()));
    requireNothingNewButRollback(store);

    now = NOW.plusSeconds(60);
    client.refresh();
    store.install(bold, ANN);
  }

  /** Whatever the clock says, what runs goes on, and what is revoked stays so. */
  private void requireNothingNewButRollback(PatchStore store) {
    assertThat(store.load(store.current()).patches()).containsExactly(calm.patch(), fair.patch());
    assertReason(Reason.STALE, () -> store.install(bold, ANN));
    assertReason(Reason.REVOKED, () -> store.install(verified("leaky"), ANN));
    store.rollback(1, ANN);
    assertThat(store.load(store.current()).patches()).containsExactly(calm.patch());
    assertThat(store.audit()).isNotEmpty();
  }

  private void activateCalmThenFair(PatchStore store) {
    for (VerifiedPatch patch : List.of(calm, fair)) {
      store.install(patch, ANN);
      store.activate(digest(patch), ANN);
    }
  }

  private ChannelPublisher publish() {
    Signer other = Signer.generate(Curve.P256);
    ChannelPublisher publisher =
        ChannelPublisher.create(
            temporary.resolve("published"),
            new ChannelKeys(List.of(SIGNER), 1, other, other, other),
            temporary.resolve("record"),
            clock);
    VerifiedPatch leaky = verified("leaky");
    for (VerifiedPatch patch : List.of(calm, fair, bold, leaky)) {
      publisher.publish(ChannelEntry.active(patch));
    }
    publisher.revoke(leaky.identity(), "leaks");
    return publisher;
  }

  private ChannelClient follow(ChannelPublisher publisher) {
    return ChannelClient.open(
        temporary.resolve("state"),
        publisher.firstRoot(),
        MetadataFetcher.directory(temporary.resolve("published")),
        clock);
  }

  private static void assertReason(Reason reason, ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static void assertCode(ChannelException.Code code, ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOfSatisfying(ChannelException.class, e -> assertThat(e.code()).isEqualTo(code));
  }
}
