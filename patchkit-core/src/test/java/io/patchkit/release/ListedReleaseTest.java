package io.patchkit.release;

import static io.patchkit.release.SignedPatches.CLOCK;
import static io.patchkit.release.SignedPatches.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchkit.SemanticVersion;
import io.patchkit.release.Revocations.State;
import io.patchkit.release.channel.ChannelClient;
import io.patchkit.release.channel.ChannelEntry;
import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.release.channel.ChannelKeys;
import io.patchkit.release.channel.ChannelPublisher;
import io.patchkit.release.channel.ChannelView;
import io.patchkit.release.channel.MetadataFetcher;
import io.patchkit.trust.Curve;
import io.patchkit.trust.Signer;
import io.patchkit.trust.VerifiedPatch;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of a registry's releases a channel lets in: security epochs and manifests. */
class ListedReleaseTest {

  @TempDir Path folder;
  private ChannelPublisher publisher;
  private DirectoryRegistry registry;

  @BeforeEach
  void publish() {
    Signer signer = Signer.generate(Curve.P256);
    ChannelKeys keys = new ChannelKeys(List.of(signer), 1, signer, signer, signer);
    publisher =
        ChannelPublisher.create(folder.resolve("channel"), keys, folder.resolve("record"), CLOCK);
    registry = DirectoryRegistry.open(folder.resolve("registry"));
  }

  private ChannelView view() {
    return ChannelClient.open(
            folder.resolve("state"),
            publisher.firstRoot(),
            MetadataFetcher.directory(folder.resolve("channel")),
            CLOCK)
        .refresh();
  }

  private static ChannelEntry entry(VerifiedPatch patch) {
    return ChannelEntry.active(patch);
  }

  private static void assertRefused(Code code, ThrowingCallable action) {
    assertThatThrownBy(action).extracting("code").isEqualTo(code);
  }

  @Test
  void aRaisedEpochKeepsOlderReleasesOut() {
    VerifiedPatch old = verified("calm", "1.0.0");
    VerifiedPatch repaired = verified("calm", "1.0.1");
    VerifiedPatch other = verified("kind", "1.0.0");
    publisher.publish(entry(old));
    publisher.publish(entry(other));
    assertThat(view().installable("calm")).hasToString("[1.0.0]");

    publisher.publish(entry(repaired).withSecurityEpoch(3));
    ChannelView view = view();
    assertRefused(Code.EPOCH_BEHIND, () -> view.requireInstallable(old.identity()));
    assertRefused(Code.EPOCH_BEHIND, () -> view.requireInstallableOffline(old.identity()));
    view.requireMayRun(old.identity());
    view.requireInstallable(repaired.identity());
    view.requireInstallable(other.identity());
    assertThat(view.installable("calm")).hasToString("[1.0.1]");
    Revocations.Standing standing = view.of(new Digest(old.identity()));
    assertThat(standing.state()).isEqualTo(State.WITHDRAWN);
    assertThat(standing.reason()).contains("epoch is 0", "at 3");
    assertThat(publisher.securityEpoch("calm")).isEqualTo(3);
  }

  /** Until its repair is for everybody, who follows the stable label goes on with what it has. */
  @Test
  void anEpochIsNotRaisedForATrial() {
    publisher.publish(entry(verified("calm", "1.0.0")));
    VerifiedPatch repaired = verified("calm", "1.0.1");
    ChannelEntry trial = entry(repaired).withLabel("beta");
    assertThatThrownBy(() -> publisher.publish(trial.withSecurityEpoch(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "securityEpoch is 1 and label beta", "calm/1.0.0", "allowed: 0 while", "stable");
    assertThat(view().installable("calm")).hasToString("[1.0.0]");

    publisher.publish(trial);
    publisher.publish(entry(verified("calm", "1.0.2")).withSecurityEpoch(1));
    assertThat(view().installable("calm")).hasToString("[1.0.2]");
    publisher.publish(entry(verified("kind", "1.0.0")).withLabel("beta").withSecurityEpoch(2));
  }

  /** Taking the release of the highest epoch back does not let the unsafe ones in again. */
  @Test
  void theEpochOfARevokedReleaseCounts() {
    VerifiedPatch old = verified("calm", "1.0.0");
    VerifiedPatch repaired = verified("calm", "1.0.1");
    publisher.publish(entry(old));
    publisher.publish(entry(repaired).withSecurityEpoch(1));
    publisher.revoke(repaired.identity(), "leaks");
    assertRefused(Code.EPOCH_BEHIND, () -> view().requireInstallable(old.identity()));
    assertThat(view().of(new Digest(repaired.identity())).state()).isEqualTo(State.REVOKED);
  }

  @Test
  void anEpochThatIsBehindIsNotPublished() {
    publisher.publish(entry(verified("calm", "1.0.0")).withSecurityEpoch(2));
    assertThatThrownBy(
            () -> publisher.publish(entry(verified("calm", "1.1.0")).withSecurityEpoch(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("securityEpoch");
    publisher.publish(entry(verified("calm", "1.1.0")).withSecurityEpoch(2));
  }

  @Test
  void onlyTheListedManifestIsTheRelease() {
    VerifiedPatch patch = verified("calm", "1.0.0");
    Release release = registry.publish(patch);
    publisher.publish(entry(patch).withManifest(release.manifest()));
    view().requireInstallable(registry.pull(release));
    assertThat(view().entry(patch.identity()).manifest()).isEqualTo(release.manifest());

    // The same patch with its signature twice: another manifest.
    DirectoryRegistry other = DirectoryRegistry.open(folder.resolve("other"));
    byte[] bundle = patch.bundles().get(0);
    Release twice =
        other.publish(
            "calm", SemanticVersion.parse("1.0.0"), patch.files(), List.of(bundle, bundle));
    assertRefused(Code.RELEASE_MISMATCH, () -> view().requireInstallable(other.pull(twice)));
  }

  @Test
  void aReleaseUnderAnotherVersionIsNotTheListedOne() {
    VerifiedPatch patch = verified("calm", "1.0.0");
    publisher.publish(entry(patch));
    Release moved =
        registry.publish("calm", SemanticVersion.parse("1.5.0"), patch.files(), patch.bundles());
    assertRefused(Code.RELEASE_MISMATCH, () -> view().requireInstallable(registry.pull(moved)));
    VerifiedPatch unlisted = verified("calm", "2.0.0");
    Release release = registry.publish(unlisted);
    assertRefused(Code.UNLISTED, () -> view().requireInstallable(registry.pull(release)));
  }
}
