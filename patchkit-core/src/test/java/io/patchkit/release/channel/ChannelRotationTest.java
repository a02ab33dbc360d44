package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.patchkit.PatchkitException;
import io.patchkit.release.channel.ChannelEntry.Status;
import io.patchkit.release.channel.ChannelException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A change of keys that goes on with another record: the one beside the new keys. */
class ChannelRotationTest {

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
  private Path next;

  @BeforeEach
  void publish() {
    lab = new ChannelLab(folder);
    next = folder.resolve("next");
  }

  private ChannelPublisher open(ChannelKeys keys, Path record) {
    return ChannelPublisher.open(lab.published, keys, record, lab.clock);
  }

  /** The one who changes the keys has read the list when the other one revokes. */
  @Test
  void aRevocationMeanwhileIsNotLost() throws Exception {
    ChannelPublisher revoking = open(ONLINE, lab.record);
    FutureTask<@Nullable Throwable> revocation =
        new FutureTask<>(
            () -> catchThrowable(() -> revoking.revoke(ChannelLab.BAD.identity(), "leaks")));
    rotate(new MeanwhileClock(lab.clock, revocation));
    Throwable refused = revocation.get(30, TimeUnit.SECONDS);
    Status status = lab.client().refresh().entry(ChannelLab.BAD.identity()).status();
    assertThat(refused == null).isEqualTo(status == Status.REVOKED);
    assertThat(refused).extracting("code").isEqualTo(Code.THRESHOLD_NOT_MET);
  }

  private void rotate(Clock clock) {
    ChannelPublisher.open(lab.published, ChannelLab.KEYS, lab.record, clock).rotate(NEXT, next);
  }

  @Test
  void goesOnWithTheNewRecordFromTheOldOne() throws IOException {
    ChannelPublisher publisher = open(ChannelLab.KEYS, lab.record);
    byte[] old = Files.readAllBytes(lab.record.resolve("timestamp.json"));
    publisher.rotate(NEXT, next);
    publisher.renew();
    assertThat(next.resolve("timestamp.json")).hasBinaryContent(lab.read("timestamp.json"));
    assertThat(next.resolve("root.json")).hasBinaryContent(lab.read("2.root.json"));
    assertThat(lab.record.resolve("timestamp.json")).hasBinaryContent(old);

    byte[] newest = lab.read("timestamp.json");
    lab.write("timestamp.json", old);
    assertThatThrownBy(() -> open(NEXT, next)).extracting("code").isEqualTo(Code.ROLLBACK);
    lab.write("timestamp.json", newest);
    assertThat(open(NEXT, next).entries()).containsExactly(ChannelLab.GOOD, ChannelLab.BAD);
  }

  /** Back to the first keys, whose record is behind by then. */
  @Test
  void aRecordThatIsBehindIsBroughtUp() throws IOException {
    rotate(lab.clock);
    open(NEXT, next).renew();
    open(NEXT, next).rotate(ChannelLab.KEYS, lab.record);
    assertThat(lab.record.resolve("timestamp.json")).hasBinaryContent(lab.read("timestamp.json"));
    assertThat(lab.record.resolve("root.json")).hasBinaryContent(lab.read("3.root.json"));
    assertThat(lab.client().refresh().entries()).hasSize(2);
  }

  @Test
  void theSameRecordUnderAnotherNameIsHeldOnce() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), lab.record);
    open(ChannelLab.KEYS, lab.record).rotate(NEXT, link);
    open(NEXT, lab.record).renew();
    assertThat(lab.client().refresh().entries()).hasSize(2);
  }

  /** A machine that stops after the new record has the new root, before the channel has it. */
  @Test
  void isFinishedAfterItStoppedHalfWay() throws IOException {
    byte[] timestamp = lab.read("timestamp.json");
    rotate(lab.clock);
    for (String later : List.of("4.targets.json", "4.snapshot.json")) {
      Files.delete(lab.published.resolve(later));
    }
    lab.write("timestamp.json", timestamp);
    Files.write(next.resolve("timestamp.json"), timestamp);
    rotate(lab.clock);
    assertThat(lab.published.resolve("3.root.json")).doesNotExist();
    assertThat(lab.client().refresh().entries()).hasSize(2);
    open(NEXT, next).renew();
  }

  /** A full disk, say: the new root is out, and the lists are still signed with the old keys. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void isDoneAgainByThePublisherWhoseDiskFailed(boolean sameRecord) throws IOException {
    ChannelPublisher publisher = open(ChannelLab.KEYS, lab.record);
    Path blocked = Files.createDirectory(lab.published.resolve("4.targets.json"));
    Path inside = Files.createFile(blocked.resolve("inside"));
    Path record = sameRecord ? lab.record : next;
    assertThatThrownBy(() -> publisher.rotate(NEXT, record)).isInstanceOf(PatchkitException.class);
    assertThat(lab.published.resolve("2.root.json")).exists();

    Files.delete(inside);
    Files.delete(blocked);
    publisher.rotate(NEXT, record);
    assertThat(lab.published.resolve("3.root.json")).doesNotExist();
    publisher.renew();
    assertThat(lab.client().refresh().entries()).hasSize(2);
    open(NEXT, record).renew();
  }

  /** What is refused leaves the publisher with the keys and the record that it has. */
  @Test
  void isRefusedWithTooFewOldKeysOrTheRecordOfAnotherChannel() throws IOException {
    ChannelPublisher online = open(ONLINE, lab.record);
    assertThatThrownBy(() -> online.rotate(NEXT, next)).hasMessageContaining("root is empty");
    assertThat(next.resolve("timestamp.json")).doesNotExist();

    ChannelKeys few =
        new ChannelKeys(
            List.of(ChannelLab.ROOT_A),
            1,
            ChannelLab.TARGETS,
            ChannelLab.SNAPSHOT,
            ChannelLab.TIMESTAMP);
    assertThatThrownBy(() -> open(few, lab.record).rotate(NEXT, next))
        .hasMessageContaining("root has 1 of the root keys");
    assertThat(next.resolve("timestamp.json")).doesNotExist();

    ChannelLab other = new ChannelLab(Files.createDirectory(folder.resolve("other")));
    other.publisher.renew();
    ChannelPublisher publisher = open(ChannelLab.KEYS, lab.record);
    assertThatThrownBy(() -> publisher.rotate(NEXT, other.record))
        .extracting("code")
        .isEqualTo(Code.ROLLBACK);
    assertThat(lab.published.resolve("2.root.json")).doesNotExist();
    publisher.renew();
    other.publisher.renew();
    assertThat(lab.record.resolve("timestamp.json")).hasBinaryContent(lab.read("timestamp.json"));
  }

  @Test
  void aNewClientFollowsAnyNumberOfRootsInSeveralRefreshes() throws IOException {
    for (int i = 0; i < 65; i++) {
      lab.publisher.renewRoot();
    }
    ChannelClient client = lab.client();
    assertThatThrownBy(client::refresh).extracting("code").isEqualTo(Code.TOO_MANY_ROOTS);
    assertThat(lab.state.resolve("root.json")).hasBinaryContent(lab.read("65.root.json"));
    assertThat(client.refresh().freshness()).isEqualTo(ChannelView.Freshness.FRESH);
  }
}
