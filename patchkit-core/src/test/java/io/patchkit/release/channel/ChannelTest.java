package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.release.Digest;
import io.patchkit.release.Revocations.Standing;
import io.patchkit.release.Revocations.State;
import io.patchkit.release.channel.ChannelEntry.Status;
import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.release.channel.ChannelView.Freshness;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChannelTest {

  private static final String GOOD = ChannelLab.GOOD.identity();
  private static final String BAD = ChannelLab.BAD.identity();

  @TempDir Path folder;
  private ChannelLab lab;

  @BeforeEach
  void publish() {
    lab = new ChannelLab(folder);
  }

  @Test
  void knowsNothingBeforeItsFirstRefresh() {
    ChannelView view = lab.client().current();
    assertThat(view.freshness()).isEqualTo(Freshness.STALE);
    assertThat(view.entries()).isEmpty();
    assertRefused(Code.STALE, () -> view.requireInstallable(GOOD));
  }

  @Test
  void listsWhatIsPublished() {
    ChannelView view = lab.client().refresh();
    assertThat(view.freshness()).isEqualTo(Freshness.FRESH);
    assertThat(view.entries()).containsExactly(ChannelLab.GOOD, ChannelLab.BAD);
    view.requireInstallable(GOOD);
    assertRefused(Code.UNLISTED, () -> view.requireInstallable("f".repeat(64)));
    view.requireMayRun("f".repeat(64));
    assertThat(lab.client().current().entries()).isEqualTo(view.entries());
  }

  @Test
  void withdrawsAndReinstates() {
    lab.publisher.withdraw(BAD, "superseded");
    ChannelView view = lab.client().refresh();
    assertThat(view.entry(BAD).status()).isEqualTo(Status.WITHDRAWN);
    view.requireMayRun(BAD);
    assertRefused(Code.WITHDRAWN, () -> view.requireInstallable(BAD));
    assertRefused(Code.WITHDRAWN, () -> view.requireInstallableOffline(BAD));
    lab.publisher.reinstate(BAD);
    lab.client().refresh().requireInstallable(BAD);
  }

  /** A revoked patch comes back neither from the cache, nor offline, nor by older metadata. */
  @Test
  void revokesForEver() throws IOException {
    ChannelClient client = lab.client();
    byte[] before = lab.read("timestamp.json");
    client.refresh();
    lab.publisher.revoke(BAD, "leaks");
    assertRevoked(client.refresh());
    assertThatThrownBy(() -> lab.publisher.reinstate(BAD)).hasMessageContaining("revoked for ever");
    assertThatThrownBy(() -> lab.publisher.withdraw(BAD, "x"))
        .hasMessageContaining("revoked for ever");

    lab.fetcher =
        (name, max) -> {
          throw new IOException("offline");
        };
    lab.clock.advance(Duration.ofDays(400));
    ChannelView offline = lab.client().current();
    assertThat(offline.freshness()).isEqualTo(Freshness.STALE);
    assertRevoked(offline);
    offline.requireMayRun(GOOD);
    assertRefused(Code.STALE, () -> offline.requireInstallable(GOOD));
    offline.requireInstallableOffline(GOOD);
    lab.clock.advance(Duration.ofDays(-400));

    lab.fetcher = MetadataFetcher.directory(lab.published);
    lab.write("timestamp.json", before);
    assertRefused(Code.ROLLBACK, () -> lab.client().refresh());
    assertRevoked(lab.client().current());
  }

  private static void assertRevoked(ChannelView view) {
    assertRefused(Code.REVOKED, () -> view.requireMayRun(BAD));
    assertRefused(Code.REVOKED, () -> view.requireInstallable(BAD));
    assertRefused(Code.REVOKED, () -> view.requireInstallableOffline(BAD));
  }

  @Test
  void followsChangesOfAllKeys() {
    ChannelClient client = lab.client();
    client.refresh();
    ChannelKeys next =
        new ChannelKeys(
            List.of(ChannelLab.ROOT_B, ChannelLab.OTHER),
            1,
            ChannelLab.OTHER,
            ChannelLab.TARGETS,
            ChannelLab.SNAPSHOT);
    lab.publisher.rotate(next);
    assertThat(client.refresh().entries()).hasSize(2);
    lab.publisher.rotate(ChannelLab.KEYS);
    lab.publisher.rotate(next);
    lab.publisher.publish(ChannelLab.entry("less-toxic", "1.0.0", 'c'));
    assertThat(client.refresh().entries()).hasSize(3);
    // A client that saw none of it arrives too, from the first root.
    Path elsewhere = folder.resolve("elsewhere");
    assertThat(
            ChannelClient.open(elsewhere, lab.publisher.firstRoot(), lab.fetcher, lab.clock)
                .refresh()
                .entries())
        .hasSize(3);
  }

  /** Stolen keys gave a high version; new keys make it count no more. */
  @Test
  void recoversFromAFastForward() throws IOException {
    ChannelClient client = lab.client();
    client.refresh();
    lab.resign(
        "timestamp.json",
        text -> text.replaceAll("\"version\":3\\}$", "\"version\":1000000}"),
        ChannelLab.TIMESTAMP);
    client.refresh();
    lab.publisher.renew();
    assertRefused(Code.ROLLBACK, client::refresh);
    lab.publisher.rotate(
        new ChannelKeys(
            List.of(ChannelLab.ROOT_A, ChannelLab.ROOT_B),
            2,
            ChannelLab.TARGETS,
            ChannelLab.SNAPSHOT,
            ChannelLab.OTHER));
    assertThat(client.refresh().freshness()).isEqualTo(Freshness.FRESH);
  }

  @Test
  void goesOnWhereItsPublisherStopped() {
    ChannelPublisher again = ChannelPublisher.open(lab.published, ChannelLab.KEYS, lab.clock);
    assertThat(again.entries()).containsExactly(ChannelLab.GOOD, ChannelLab.BAD);
    lab.clock.advance(Duration.ofDays(3));
    assertRefused(Code.EXPIRED, () -> lab.client().refresh());
    again.renew();
    assertThat(lab.client().refresh().freshness()).isEqualTo(Freshness.FRESH);
    assertThatThrownBy(() -> again.publish(ChannelLab.GOOD))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ChannelPublisher.create(lab.published, ChannelLab.KEYS, lab.clock))
        .hasMessageContaining("there is a channel already");
  }

  @Test
  void keepsItsPlaceWhenTheClockStepsBackALittle() {
    lab.client().refresh();
    lab.clock.advance(Duration.ofMinutes(-5));
    lab.client().refresh();
    lab.clock.advance(Duration.ofSeconds(-1));
    assertRefused(Code.CLOCK_BEHIND, () -> lab.client().current());
  }

  @Test
  void tellsAStoreWhereAPatchStands() {
    ChannelClient client = lab.client();
    assertThat(client.isStale()).isTrue();
    client.refresh();
    lab.publisher.withdraw(GOOD, "superseded");
    lab.publisher.revoke(BAD, "leaks");
    assertThat(client.of(new Digest(BAD)).state()).isEqualTo(State.ACTIVE);
    client.refresh();
    assertThat(client.of(new Digest(BAD))).isEqualTo(new Standing(State.REVOKED, "leaks"));
    assertThat(client.of(new Digest(GOOD))).isEqualTo(new Standing(State.WITHDRAWN, "superseded"));
    assertThat(client.of(new Digest("f".repeat(64))).state()).isEqualTo(State.UNLISTED);
    assertThat(client.isStale()).isFalse();
    lab.clock.advance(Duration.ofDays(-365));
    assertThat(client.isStale()).isTrue();
    assertThat(client.of(new Digest(BAD)).state()).isEqualTo(State.REVOKED);
  }

  private static void assertRefused(Code code, ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOf(ChannelException.class)
        .extracting("code")
        .isEqualTo(code);
  }
}
