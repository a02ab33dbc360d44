package io.patchkit.release.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.PatchkitException;
import io.patchkit.release.Digest;
import io.patchkit.release.Revocations.Standing;
import io.patchkit.release.Revocations.State;
import io.patchkit.release.channel.ChannelEntry.Status;
import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.release.channel.ChannelView.Freshness;
import io.patchkit.trust.Signer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChannelTest {

  /** The keys of the laboratory, but for the timestamp's. */
  private static final ChannelKeys ANOTHER_TIMESTAMP =
      new ChannelKeys(
          List.of(ChannelLab.ROOT_A, ChannelLab.ROOT_B),
          2,
          ChannelLab.TARGETS,
          ChannelLab.SNAPSHOT,
          ChannelLab.OTHER);

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

  /** Someone else's root, well formed and signed by its own keys, does not stay. */
  @Test
  void keepsTheRootThatTheChannelProvesToBeItsOwn() throws IOException {
    lab.publisher.renewRoot();
    Signer other = ChannelLab.OTHER;
    ChannelPublisher elsewhere =
        ChannelPublisher.create(
            folder.resolve("elsewhere"),
            new ChannelKeys(List.of(other), 1, other, other, other),
            folder.resolve("its-record"),
            lab.clock);
    ChannelClient wrong =
        ChannelClient.open(lab.state, elsewhere.firstRoot(), lab.fetcher, lab.clock);
    assertRefused(Code.THRESHOLD_NOT_MET, wrong::refresh);
    assertThat(wrong.current().freshness()).isEqualTo(Freshness.STALE);
    Files.delete(lab.published.resolve("2.root.json"));
    assertRefused(Code.THRESHOLD_NOT_MET, wrong::refresh);
    assertThat(lab.state.resolve("root.json")).doesNotExist();

    lab.client().refresh().requireInstallable(GOOD);
    assertThat(lab.state.resolve("root.json")).hasBinaryContent(lab.publisher.firstRoot());
    wrong.refresh().requireInstallable(GOOD); // the one that is kept counts, no other
  }

  @Test
  void letsInWhatBearsALabelThatIsFollowed() throws IOException {
    lab.publisher.relabel(GOOD, "beta");
    assertThat(new String(lab.read("4.targets.json"), StandardCharsets.UTF_8))
        .containsOnlyOnce("\"channel\": \"beta\"")
        .containsOnlyOnce("\"channel\": \"stable\"");
    ChannelClient stable = lab.client();
    ChannelView view = stable.refresh();
    view.requireMayRun(GOOD);
    assertRefused(Code.OTHER_LABEL, () -> view.requireInstallable(GOOD));
    assertRefused(Code.OTHER_LABEL, () -> view.requireInstallableOffline(GOOD));
    assertThat(view.installable("refuse-harm")).containsExactly(ChannelLab.BAD.version());
    assertThat(stable.of(new Digest(GOOD)))
        .isEqualTo(new Standing(State.WITHDRAWN, "its label is beta, and stable is followed"));

    ChannelClient both = stable.withLabels("stable", "beta");
    both.refresh().requireInstallable(GOOD);
    assertThat(both.of(new Digest(GOOD)).state()).isEqualTo(State.ACTIVE);
    assertThat(both.current().installable("refuse-harm")).hasSize(2);
    assertThat(stable.withLabels("beta").of(new Digest(BAD)).state()).isEqualTo(State.WITHDRAWN);

    lab.publisher.revoke(GOOD, "leaks");
    stable.refresh();
    assertThat(stable.of(new Digest(GOOD))).isEqualTo(new Standing(State.REVOKED, "leaks"));
    assertThatThrownBy(() -> lab.publisher.relabel(GOOD, "stable"))
        .hasMessageContaining("revoked for ever");
    assertThatThrownBy(() -> stable.withLabels("Beta")).hasMessageContaining("label is 'Beta'");
    assertThatThrownBy(stable::withLabels).hasMessageContaining("at least one");
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

  /** Written otherwise it would be the identity of nothing, and so of nothing revoked. */
  @Test
  void anIdentityHasOneSpelling() {
    lab.publisher.revoke(BAD, "leaks");
    ChannelView view = lab.client().refresh();
    for (String other : List.of(BAD.toUpperCase(Locale.ROOT), "sha256:" + BAD, BAD + "\n")) {
      assertThatThrownBy(() -> view.requireMayRun(other))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("64 lower-case hexadecimal digits");
    }
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

  /** Whoever has a key that was replaced takes the new root away and goes on without it. */
  @Test
  void aKeyThatWasReplacedSignsNothingMore() throws IOException {
    ChannelClient client = lab.client();
    client.refresh();
    lab.publisher.rotate(ANOTHER_TIMESTAMP);
    client.refresh();
    Files.delete(lab.published.resolve("2.root.json"));
    lab.resign(
        "timestamp.json",
        text -> text.replaceAll("\"version\":4\\}$", "\"version\":1000000}"),
        ChannelLab.TIMESTAMP);
    assertRefused(Code.THRESHOLD_NOT_MET, () -> lab.client().refresh());
  }

  /** 64 roots in one refresh, 64 signatures, 2^20 versions; one more of each is refused. */
  @Test
  void followsAsFarAsTheLimitsThemselves() throws IOException {
    lab.client().refresh();
    for (int version = 2; version <= 65; version++) {
      MetadataHeader header =
          new MetadataHeader(version, lab.clock.instant().plus(Duration.ofDays(9)));
      lab.write(
          version + ".root.json",
          SignedMetadata.sign(
              new RootMetadata(header, ChannelLab.KEYS.roles()).json(),
              List.of(ChannelLab.ROOT_A, ChannelLab.ROOT_B)));
    }
    lab.resign(
        "timestamp.json",
        text -> text.replaceAll("\"version\":3\\}$", "\"version\":" + (3 + (1 << 20)) + "}"),
        ChannelLab.TIMESTAMP);
    StringBuilder signatures = new StringBuilder("\"signatures\": [");
    for (int i = 0; i < 63; i++) {
      signatures.append("{\"keyid\":\"%d\",\"sig\":\"00\"},".formatted(i));
    }
    String timestamp = new String(lab.read("timestamp.json"), StandardCharsets.UTF_8);
    lab.write(
        "timestamp.json",
        ChannelLab.replaced(timestamp, "\"signatures\": [", signatures.toString())
            .getBytes(StandardCharsets.UTF_8));
    assertThat(lab.client().refresh().freshness()).isEqualTo(Freshness.FRESH);
  }

  @Test
  void beginsOnlyWithARootThatItsOwnKeysSigned() throws IOException {
    byte[] good = lab.publisher.firstRoot();
    lab.resign("1.root.json", text -> text, ChannelLab.ROOT_A, ChannelLab.OTHER);
    byte[] forged = lab.read("1.root.json");
    Path elsewhere = folder.resolve("elsewhere");
    assertRefused(
        Code.THRESHOLD_NOT_MET,
        () -> ChannelClient.open(elsewhere, forged, lab.fetcher, lab.clock));
    assertThat(elsewhere.resolve("root.json")).doesNotExist();

    lab.write("1.root.json", good);
    ChannelClient client = lab.client();
    lab.publisher.rotate(ChannelLab.KEYS);
    client.refresh();
    byte[] second = Files.readAllBytes(lab.state.resolve("root.json"));
    assertThat(second).isEqualTo(lab.read("2.root.json"));
    ChannelClient.open(lab.state, good, lab.fetcher, lab.clock);
    assertThat(lab.state.resolve("root.json")).hasBinaryContent(second);
  }

  /** All files but one are good for years, each in turn. */
  @Test
  void aViewIsStaleOnceAnyOfItsFilesIsOverItsTime() throws IOException {
    ChannelClient client = lab.client();
    client.refresh();
    lab.clock.advance(Duration.ofDays(2).minusSeconds(1));
    assertFreshForOneSecond(client);

    bump("timestamp.json", 4, ChannelLab.TIMESTAMP);
    client.refresh();
    lab.clock.advance(Duration.ofDays(12).minusSeconds(1));
    assertFreshForOneSecond(client);

    bump("3.snapshot.json", 3, ChannelLab.SNAPSHOT);
    lab.announceSnapshot(3);
    bump("timestamp.json", 5, ChannelLab.TIMESTAMP);
    client.refresh();
    lab.clock.advance(Duration.ofDays(76).minusSeconds(1));
    assertFreshForOneSecond(client);

    bump("3.targets.json", 3, ChannelLab.TARGETS);
    lab.announceTargets(3, 3);
    bump("timestamp.json", 6, ChannelLab.TIMESTAMP);
    client.refresh();
    lab.clock.advance(Duration.ofDays(310).minusSeconds(1));
    assertFreshForOneSecond(client);
  }

  /** Until 2030, under this version. */
  private void bump(String name, int version, Signer signer) throws IOException {
    lab.resign(
        name,
        text ->
            text.replaceAll("\"expires\":\"[^\"]*", "\"expires\":\"2030-01-01T00:00:00Z")
                .replaceAll("\"version\":\\d+\\}$", "\"version\":" + version + "}"),
        signer);
  }

  private void assertFreshForOneSecond(ChannelClient client) {
    assertThat(client.current().freshness()).isEqualTo(Freshness.FRESH);
    assertThat(client.isStale()).isFalse();
    lab.clock.advance(Duration.ofSeconds(1));
    assertThat(client.current().freshness()).isEqualTo(Freshness.STALE);
    assertThat(client.isStale()).isTrue();
  }

  /** A refresh that stopped half way leaves files that do not belong together. */
  @Test
  void aViewIsStaleWhileItsFilesDoNotBelongTogether() throws IOException {
    ChannelClient client = lab.client();
    client.refresh();
    lab.publisher.publish(ChannelLab.entry("less-toxic", "1.0.0", 'c'));
    for (String missing : List.of("4.snapshot.json", "4.targets.json")) {
      byte[] content = lab.read(missing);
      Files.delete(lab.published.resolve(missing));
      assertRefused(Code.MISSING, client::refresh);
      assertThat(client.current().freshness()).isEqualTo(Freshness.STALE);
      assertThat(client.current().entries()).hasSize(2);
      lab.write(missing, content);
    }
    assertThat(client.refresh().entries()).hasSize(3);
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
    lab.publisher.rotate(ANOTHER_TIMESTAMP);
    assertThat(client.refresh().freshness()).isEqualTo(Freshness.FRESH);
  }

  @Test
  void recoversFromAFastForwardOfTheSnapshot() throws IOException {
    ChannelClient client = lab.client();
    client.refresh();
    byte[] timestamp = lab.read("timestamp.json");
    lab.resign(
        "timestamp.json",
        text ->
            text.replaceAll("\"version\":3\\}\\}", "\"version\":1000000}}")
                .replaceAll("\"version\":3\\}$", "\"version\":4}"),
        ChannelLab.TIMESTAMP);
    assertRefused(Code.VERSION_MISMATCH, client::refresh);
    lab.write("timestamp.json", timestamp);
    lab.publisher.renew();
    lab.publisher.renew(); // the stolen key's timestamp was of version 4
    assertRefused(Code.ROLLBACK, client::refresh);
    lab.publisher.rotate(
        new ChannelKeys(
            List.of(ChannelLab.ROOT_A, ChannelLab.ROOT_B),
            2,
            ChannelLab.TARGETS,
            ChannelLab.OTHER,
            ChannelLab.TIMESTAMP));
    assertThat(client.refresh().freshness()).isEqualTo(Freshness.FRESH);
  }

  /** The root that replaces the stolen key is stored, and the one after it does not come. */
  @Test
  void recoversFromAFastForwardThoughARefreshFailsBetweenTwoRoots() throws IOException {
    ChannelClient client = fastForwarded();
    lab.publisher.rotate(ANOTHER_TIMESTAMP);
    lab.fetcher =
        (name, max) -> {
          if (name.equals("3.root.json")) {
            throw new IOException("offline");
          }
          return MetadataFetcher.directory(lab.published).fetch(name, max);
        };
    assertRefused(Code.UNAVAILABLE, () -> lab.client().refresh());
    assertThat(lab.state.resolve("root.json")).hasBinaryContent(lab.read("2.root.json"));
    assertThat(client.refresh().freshness()).isEqualTo(Freshness.FRESH);
  }

  /** The disk fails before the versions of the stolen key are forgotten. */
  @Test
  void recoversFromAFastForwardThoughARefreshStopsBeforeItForgets() throws IOException {
    ChannelClient client = fastForwarded();
    lab.publisher.rotate(ANOTHER_TIMESTAMP);
    Path timestamp = lab.state.resolve("timestamp.json");
    byte[] forged = Files.readAllBytes(timestamp);
    lab.fetcher =
        (name, max) -> {
          if (name.equals("2.root.json")) {
            Files.delete(timestamp);
            Files.createDirectories(timestamp.resolve("undeletable"));
          }
          return MetadataFetcher.directory(lab.published).fetch(name, max);
        };
    assertThatThrownBy(() -> lab.client().refresh())
        .isInstanceOf(PatchkitException.class)
        .hasMessageContaining("cannot use the channel's state");
    Files.delete(timestamp.resolve("undeletable"));
    Files.delete(timestamp);
    Files.write(timestamp, forged);
    assertThat(client.refresh().freshness()).isEqualTo(Freshness.FRESH);
  }

  /** A client that has seen a version which only a stolen timestamp key gave. */
  private ChannelClient fastForwarded() throws IOException {
    lab.resign(
        "timestamp.json",
        text -> text.replaceAll("\"version\":3\\}$", "\"version\":1000000}"),
        ChannelLab.TIMESTAMP);
    ChannelClient client = lab.client();
    client.refresh();
    lab.publisher.renew();
    assertRefused(Code.ROLLBACK, client::refresh);
    return client;
  }

  @Test
  void goesOnWhereItsPublisherStopped() {
    ChannelPublisher again =
        ChannelPublisher.open(lab.published, ChannelLab.KEYS, lab.record, lab.clock);
    assertThat(again.entries()).containsExactly(ChannelLab.GOOD, ChannelLab.BAD);
    lab.clock.advance(Duration.ofDays(3));
    assertRefused(Code.EXPIRED, () -> lab.client().refresh());
    again.renew();
    assertThat(lab.client().refresh().freshness()).isEqualTo(Freshness.FRESH);
    assertThatThrownBy(() -> again.publish(ChannelLab.GOOD))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> ChannelPublisher.create(lab.published, ChannelLab.KEYS, lab.record, lab.clock))
        .hasMessageContaining("open the channel that is there");
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
