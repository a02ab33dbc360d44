package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.release.channel.ChannelView.Freshness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a publisher signs, with which keys, and what it does not go on with. */
class ChannelPublisherTest {

  private static final ChannelKeys ONLINE =
      ChannelKeys.online(ChannelLab.TARGETS, ChannelLab.SNAPSHOT, ChannelLab.TIMESTAMP);

  /** The same root keys, another key for the lists. */
  private static final ChannelKeys NEXT =
      new ChannelKeys(
          List.of(ChannelLab.ROOT_A, ChannelLab.ROOT_B),
          2,
          ChannelLab.OTHER,
          ChannelLab.SNAPSHOT,
          ChannelLab.TIMESTAMP);

  @TempDir Path folder;
  private ChannelLab lab;

  @BeforeEach
  void publish() {
    lab = new ChannelLab(folder);
  }

  private ChannelPublisher open(ChannelKeys keys) {
    return ChannelPublisher.open(lab.published, keys, lab.clock);
  }

  @Test
  void publishesWithoutTheRootKeys() {
    ChannelPublisher publisher = open(ONLINE);
    publisher.publish(ChannelLab.entry("less-toxic", "1.0.0", 'c'));
    publisher.revoke(ChannelLab.BAD.identity(), "leaks");
    assertThat(lab.client().refresh().entries()).hasSize(3);
    assertThatThrownBy(publisher::renewRoot).hasMessageContaining("root is empty");
    assertThatThrownBy(() -> publisher.rotate(NEXT)).hasMessageContaining("root is empty");
    assertThat(lab.client().refresh().entries()).hasSize(3);
  }

  /** The one who serves the channel puts a list of theirs there: it is not signed with the next. */
  @Test
  void doesNotGoOnWithWhatItsKeysDidNotSign() throws IOException {
    lab.resign("3.targets.json", "b".repeat(64), "c".repeat(64), ChannelLab.OTHER);
    assertThatThrownBy(() -> lab.publisher.renew())
        .extracting("code")
        .isEqualTo(Code.MIX_AND_MATCH);
    lab.announceTargets(3, 3);
    assertThatThrownBy(() -> lab.publisher.renew())
        .extracting("code")
        .isEqualTo(Code.THRESHOLD_NOT_MET);
    assertThat(lab.published.resolve("4.targets.json")).doesNotExist();
  }

  /** Clients would refuse what they sign, until it is signed anew. */
  @Test
  void keysThatTheRootDoesNotNameSignNothing() throws IOException {
    lab.publisher.rotate(NEXT);
    byte[] timestamp = lab.read("timestamp.json");
    lab.resign("4.targets.json", text -> text, ChannelLab.TARGETS);
    lab.announceTargets(4, 4);
    byte[] resigned = lab.read("timestamp.json");
    assertThat(resigned).isNotEqualTo(timestamp);
    assertThatThrownBy(() -> open(ONLINE).renew())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the key of targets");
    assertThat(lab.read("timestamp.json")).isEqualTo(resigned);
  }

  @Test
  void renewsTheRootWithExactlyItsKeys() {
    lab.clock.advance(Duration.ofDays(364));
    lab.publisher.renewRoot();
    lab.clock.advance(Duration.ofDays(300));
    lab.publisher.renew();
    assertThat(lab.client().refresh().freshness()).isEqualTo(Freshness.FRESH);
    ChannelKeys fewer =
        new ChannelKeys(
            List.of(ChannelLab.ROOT_A),
            1,
            ChannelLab.TARGETS,
            ChannelLab.SNAPSHOT,
            ChannelLab.TIMESTAMP);
    assertThatThrownBy(() -> open(fewer).renewRoot())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2.root.json");
  }

  /** A machine that stops between the new root and the new lists. */
  @Test
  void finishesAChangeOfKeysThatStoppedHalfWay() throws IOException {
    byte[] timestamp = lab.read("timestamp.json");
    lab.publisher.rotate(NEXT);
    for (String later : List.of("4.targets.json", "4.snapshot.json")) {
      Files.delete(lab.published.resolve(later));
    }
    lab.write("timestamp.json", timestamp);
    open(ChannelLab.KEYS).rotate(NEXT);
    assertThat(lab.published.resolve("3.root.json")).doesNotExist();
    assertThat(lab.client().refresh().entries()).containsExactly(ChannelLab.GOOD, ChannelLab.BAD);
    open(NEXT).renew();
  }
}
