package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.release.Digest;
import io.patchkit.release.Revocations.State;
import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.release.channel.ChannelView.Freshness;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client makes of a clock that goes back. */
class ChannelClockTest {

  @TempDir Path folder;
  private ChannelLab lab;

  @BeforeEach
  void publish() {
    lab = new ChannelLab(folder);
  }

  /** The clock that is a little behind is not asked: no metadata comes to life again. */
  @Test
  void timeStandsStillWhileTheClockIsALittleBehind() {
    ChannelClient client = lab.client();
    lab.clock.advance(Duration.ofDays(2).minusSeconds(1));
    client.refresh();
    Instant seen = lab.clock.instant();
    lab.publisher.renew();
    lab.clock.advance(Duration.ofMinutes(-4));
    client.refresh();
    assertThat(lab.state.resolve("time")).hasContent(seen + "\n");
  }

  @Test
  void isFreshWhileTheClockIsALittleBehindAndNoLonger() {
    lab.client().refresh();
    lab.clock.advance(Duration.ofMinutes(-5));
    assertThat(lab.client().refresh().freshness()).isEqualTo(Freshness.FRESH);
    lab.clock.advance(Duration.ofSeconds(-1));
    assertThat(lab.client().current().freshness()).isEqualTo(Freshness.STALE);
    assertThat(lab.client().isStale()).isTrue();
  }

  /** The clock was a day ahead when the channel was read, and is right again. */
  @Test
  void takesRevocationsInByAClockThatWasAheadAndIsRightAgain() throws Exception {
    lab.clock.advance(Duration.ofDays(1));
    lab.client().refresh();
    Instant ahead = lab.clock.instant();
    lab.clock.advance(Duration.ofDays(-1).plusMinutes(10));
    lab.publisher.revoke(ChannelLab.BAD.identity(), "leaks");
    ChannelView view = lab.client().refresh();
    assertThat(view.of(new Digest(ChannelLab.BAD.identity())).state()).isEqualTo(State.REVOKED);
    assertThat(lab.state.resolve("time")).hasContent(ahead + "\n");

    assertThat(view.isStale()).isTrue();
    assertThat(view.installable("refuse-harm")).isEmpty();
    assertThatThrownBy(() -> view.requireInstallable(ChannelLab.GOOD.identity()))
        .hasMessageContainingAll(
            "it was " + ahead,
            "the clock says " + lab.clock.instant(),
            "delete " + lab.state.resolve("time"))
        .extracting("code")
        .isEqualTo(Code.CLOCK_BEHIND);
    assertThatThrownBy(view::requireFresh).extracting("code").isEqualTo(Code.CLOCK_BEHIND);
    view.requireInstallableOffline(ChannelLab.GOOD.identity());

    Files.delete(lab.state.resolve("time"));
    lab.client().refresh().requireInstallable(ChannelLab.GOOD.identity());
  }

  /** Whoever sets the clock back and serves what was good then makes nothing fresh by it. */
  @Test
  void aChannelThatIsFrozenStaysStaleByAClockThatWasSetBack() {
    lab.client().refresh();
    lab.clock.advance(Duration.ofDays(1));
    lab.client().refresh();
    lab.clock.advance(Duration.ofDays(-300));
    assertThat(lab.client().refresh().freshness()).isEqualTo(Freshness.STALE);
    assertThat(lab.client().isStale()).isTrue();
  }
}
