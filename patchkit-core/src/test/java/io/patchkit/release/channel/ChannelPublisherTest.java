package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.patchkit.PatchkitException;
import io.patchkit.release.channel.ChannelEntry.Status;
import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.release.channel.ChannelView.Freshness;
import io.patchkit.trust.Curve;
import io.patchkit.trust.Signer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
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
    return ChannelPublisher.open(lab.published, keys, lab.record, lab.clock);
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

  /** A root whose time is over is not covered up by lists that are signed every day. */
  @Test
  void saysThatItsRootHasExpired() {
    Instant expires = lab.publisher.rootExpires();
    assertThat(expires).isEqualTo(lab.clock.instant().plus(Duration.ofDays(400)));
    lab.clock.advance(Duration.ofDays(400).minusSeconds(1));
    lab.publisher.renew();
    lab.clock.advance(Duration.ofSeconds(1));
    for (ThrowingCallable change :
        List.<ThrowingCallable>of(
            () -> lab.publisher.renew(),
            () -> lab.publisher.revoke(ChannelLab.BAD.identity(), "leaks"),
            () -> lab.publisher.publish(ChannelLab.entry("less-toxic", "1.0.0", 'c')))) {
      assertThatThrownBy(change)
          .hasMessageContainingAll("1.root.json expired on " + expires, "renewRoot")
          .extracting("code")
          .isEqualTo(Code.EXPIRED);
    }
    lab.publisher.renewRoot();
    assertThat(lab.publisher.rootExpires()).isEqualTo(expires.plus(Duration.ofDays(400)));
    lab.publisher.renew();
    assertThat(lab.client().refresh().freshness()).isEqualTo(Freshness.FRESH);
  }

  /** The one who serves the channel puts a list of theirs there: it is not signed with the next. */
  @Test
  void doesNotGoOnWithWhatItsKeysDidNotSign() throws IOException {
    lab.resign("3.targets.json", "b".repeat(64), "c".repeat(64), ChannelLab.OTHER);
    assertThatThrownBy(() -> lab.publisher.renew())
        .extracting("code")
        .isEqualTo(Code.MIX_AND_MATCH);
    lab.announceTargets(3, 3);
    Files.delete(lab.record.resolve("timestamp.json"));
    assertThatThrownBy(() -> lab.publisher.renew())
        .extracting("code")
        .isEqualTo(Code.THRESHOLD_NOT_MET);
    assertThat(lab.published.resolve("4.targets.json")).doesNotExist();
  }

  /** The one who serves the channel puts an older list back: a revocation would be lost. */
  @Test
  void doesNotGoOnWithAnOlderListThatWasPutBack() throws IOException {
    byte[] before = lab.read("timestamp.json");
    lab.publisher.revoke(ChannelLab.BAD.identity(), "leaks");
    byte[] newest = lab.read("timestamp.json");
    lab.write("timestamp.json", before);
    for (String later : List.of("4.targets.json", "4.snapshot.json")) {
      Files.delete(lab.published.resolve(later));
    }
    assertThatThrownBy(() -> lab.publisher.renew())
        .hasMessageContaining("expected version 4, which was signed last, found version 3")
        .extracting("code")
        .isEqualTo(Code.ROLLBACK);
    assertThatThrownBy(() -> open(ONLINE)).extracting("code").isEqualTo(Code.ROLLBACK);
    assertThat(lab.published.resolve("4.targets.json")).doesNotExist();
    assertThat(lab.record.resolve("timestamp.json")).hasBinaryContent(newest);
  }

  /** A machine that stops before the last file; the remedy is the one that the message names. */
  @Test
  void goesOnOnceTheTimestampThatWasSignedLastIsInItsPlace() throws IOException {
    byte[] before = lab.read("timestamp.json");
    lab.publisher.revoke(ChannelLab.BAD.identity(), "leaks");
    lab.write("timestamp.json", before);
    assertThatThrownBy(() -> open(ONLINE))
        .hasMessageContaining(
            "copy "
                + lab.record.resolve("timestamp.json")
                + " to "
                + lab.published.resolve("timestamp.json"));
    lab.write("timestamp.json", Files.readAllBytes(lab.record.resolve("timestamp.json")));
    open(ONLINE).renew();
    assertThat(lab.client().refresh().entry(ChannelLab.BAD.identity()).reason()).isEqualTo("leaks");
  }

  @Test
  void doesNotGoOnWithAnotherContentOfItsLastVersionOrAnOlderRoot() throws IOException {
    byte[] timestamp = lab.read("timestamp.json");
    lab.resign(
        "timestamp.json",
        text -> text.replaceAll("\"expires\":\"[^\"]*", "\"expires\":\"2030-01-01T00:00:00Z"),
        ChannelLab.TIMESTAMP);
    assertThatThrownBy(() -> open(ONLINE)).extracting("code").isEqualTo(Code.EQUIVOCATION);
    lab.write("timestamp.json", timestamp);
    lab.publisher.renewRoot();
    Files.delete(lab.published.resolve("2.root.json"));
    assertThatThrownBy(() -> open(ChannelLab.KEYS).renewRoot())
        .hasMessageContaining("2.root.json")
        .extracting("code")
        .isEqualTo(Code.ROLLBACK);
  }

  @Test
  void aRecordIsThatOfOneChannel() throws IOException {
    assertThatThrownBy(
            () ->
                ChannelPublisher.create(
                    folder.resolve("another"), ChannelLab.KEYS, lab.record, lab.clock))
        .hasMessageContaining("found " + lab.record);
    Files.writeString(lab.record.resolve("timestamp.json"), "{");
    assertThatThrownBy(() -> open(ONLINE)).extracting("code").isEqualTo(Code.CORRUPT_STATE);
    // Another machine that publishes goes on with the channel as it is, and from then on knows.
    ChannelPublisher first =
        ChannelPublisher.open(lab.published, ONLINE, folder.resolve("elsewhere"), lab.clock);
    first.renew();
    assertThat(folder.resolve("elsewhere/timestamp.json"))
        .hasBinaryContent(lab.read("timestamp.json"));
  }

  /** The one that renews has read the list when the other one revokes. */
  @Test
  void publishersOfOneRecordLoseNothingOfEachOther() throws Exception {
    ChannelPublisher revoking = open(ONLINE);
    FutureTask<Boolean> revocation =
        new FutureTask<>(() -> revoking.revoke(ChannelLab.BAD.identity(), "leaks"), true);
    Clock whileItRenews = new MeanwhileClock(lab.clock, revocation);
    ChannelPublisher.open(lab.published, ONLINE, lab.record, whileItRenews).renew();
    assertThat(revocation.get(30, TimeUnit.SECONDS)).isTrue();
    assertThat(lab.client().refresh().entry(ChannelLab.BAD.identity()).status())
        .isEqualTo(Status.REVOKED);
    assertThat(lab.published.resolve("5.targets.json")).exists();
  }

  @Test
  void aRecordThatIsHeldElsewhereIsWaitedForOnlySoLong() throws Exception {
    LastSigned record = new LastSigned(lab.record, Duration.ofMillis(100));
    FutureTask<Throwable> refused =
        new FutureTask<>(() -> catchThrowable(() -> record.holding(() -> true)));
    record.holding(
        () -> {
          new Thread(refused).start();
          try {
            return refused.get(30, TimeUnit.SECONDS);
          } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
          }
        });
    assertThat(refused.get())
        .hasMessageContaining(lab.record.resolve("lock") + " within PT0.1S")
        .extracting("code")
        .isEqualTo(Code.UNAVAILABLE);
    assertThat(record.holding(() -> true)).isTrue();
  }

  /** Where the file system does not lock, a second signature of a version is refused. */
  @Test
  void noVersionIsSignedTwice() throws IOException {
    LastSigned record = new LastSigned(lab.record, Duration.ofSeconds(1));
    byte[] last = Files.readAllBytes(lab.record.resolve("timestamp.json"));
    assertThatThrownBy(() -> record.store(ChannelRole.TIMESTAMP, last))
        .hasMessageContaining("expected a version below 3")
        .extracting("code")
        .isEqualTo(Code.ROLLBACK);
  }

  /** A reader would follow a later root that was left over. */
  @Test
  void beginsOnlyInADirectoryWithNothingInIt() throws IOException {
    Path directory = Files.createDirectory(folder.resolve("left-over"));
    Files.createFile(directory.resolve(".0b9d.tmp"));
    Path root = Files.copy(lab.published.resolve("1.root.json"), directory.resolve("2.root.json"));
    Path record = folder.resolve("fresh-record");
    assertThatThrownBy(() -> ChannelPublisher.create(directory, ChannelLab.KEYS, record, lab.clock))
        .isInstanceOf(PatchkitException.class)
        .hasMessageContainingAll("expected no file", "found 2.root.json");
    assertThat(directory.resolve("1.root.json")).doesNotExist();
    Files.delete(root);
    assertThat(ChannelPublisher.create(directory, ChannelLab.KEYS, record, lab.clock).rootVersion())
        .isEqualTo(1);
  }

  @Test
  void doesNotPublishAListThatIsTooLongToBeRead() throws IOException {
    StringBuilder many = new StringBuilder("\"targets\":{");
    for (int i = 0; i < 19_998; i++) {
      many.append(
          "\"p/0.0.%d\":{\"custom\":{\"status\":\"active\"},\"hashes\":{\"sha256\":\"%064x\"},\"length\":1},"
              .formatted(i, i));
    }
    lab.resign("3.targets.json", "\"targets\":{", many.toString(), ChannelLab.TARGETS);
    lab.announceTargets(3, 3);
    Files.write(lab.record.resolve("timestamp.json"), lab.read("timestamp.json"));

    assertThatThrownBy(() -> lab.publisher.publish(ChannelLab.entry("calm", "1.0.0", 'c')))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("20000");
    assertThat(lab.published.resolve("4.targets.json")).doesNotExist();
    assertThat(lab.client().refresh().entries()).hasSize(20_000);
    lab.publisher.renew();
    assertThat(lab.client().refresh().entries()).hasSize(20_000);
  }

  @Test
  void doesNotPublishARootWithMoreSignaturesThanAreRead() {
    List<Signer> many = new ArrayList<>();
    for (int i = 0; i < 65; i++) {
      many.add(Signer.generate(Curve.P256));
    }
    Path directory = folder.resolve("many");
    ChannelKeys keys =
        new ChannelKeys(many, 1, ChannelLab.TARGETS, ChannelLab.SNAPSHOT, ChannelLab.TIMESTAMP);
    Path record = folder.resolve("many-record");
    assertThatThrownBy(() -> ChannelPublisher.create(directory, keys, record, lab.clock))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("64");
    assertThat(directory.resolve("1.root.json")).doesNotExist();
    assertThat(record.resolve("root.json")).doesNotExist();
  }

  /** A machine that stops after the record of the first root, before the channel has any. */
  @Test
  void beginsAgainWhereTheFirstRootWasCutShort() throws IOException {
    Path record = Files.createDirectory(folder.resolve("cut-short"));
    Files.copy(lab.record.resolve("root.json"), record.resolve("root.json"));
    ChannelPublisher again =
        ChannelPublisher.create(folder.resolve("again"), ChannelLab.KEYS, record, lab.clock);
    assertThat(record.resolve("root.json")).hasBinaryContent(again.firstRoot());
  }

  /** No client would follow; the threshold of those who sign is that of the old root. */
  @Test
  void aRootThatTooFewOldKeysSignIsNotPublished() {
    ChannelKeys one =
        new ChannelKeys(
            List.of(ChannelLab.ROOT_A, ChannelLab.OTHER),
            2,
            ChannelLab.TARGETS,
            ChannelLab.SNAPSHOT,
            ChannelLab.TIMESTAMP);
    assertThatThrownBy(() -> open(one).rotate(NEXT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("root has 1 of the root keys of 1.root.json; allowed: 2");
    assertThat(lab.published.resolve("2.root.json")).doesNotExist();
    assertThat(lab.client().refresh().entries()).hasSize(2);
  }

  /** Clients would refuse what they sign, until it is signed anew. */
  @Test
  void keysThatTheRootDoesNotNameSignNothing() throws IOException {
    lab.publisher.rotate(NEXT);
    byte[] timestamp = lab.read("timestamp.json");
    lab.resign("4.targets.json", text -> text, ChannelLab.TARGETS);
    lab.announceTargets(4, 4);
    Files.delete(lab.record.resolve("timestamp.json"));
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
    Files.write(lab.record.resolve("timestamp.json"), timestamp);
    open(ChannelLab.KEYS).rotate(NEXT);
    assertThat(lab.published.resolve("3.root.json")).doesNotExist();
    assertThat(lab.client().refresh().entries()).containsExactly(ChannelLab.GOOD, ChannelLab.BAD);
    open(NEXT).renew();
  }
}
