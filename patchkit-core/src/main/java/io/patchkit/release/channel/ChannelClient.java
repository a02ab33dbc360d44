package io.patchkit.release.channel;

import io.patchkit.PatchkitException;
import io.patchkit.release.Digest;
import io.patchkit.release.Revocations;
import io.patchkit.release.channel.ChannelView.Freshness;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Follows a channel. It begins with a root that its owner trusts, and from then on believes only
 * what the keys of that root, or of roots that they signed, have signed; and never anything older
 * than what it has seen.
 *
 * <p>Of what is listed it lets in anew what bears a label that it follows, {@link
 * ChannelEntry#STABLE} unless {@link #withLabels} says otherwise. Revocations hold for all.
 *
 * <p>Thread-safe, and safe beside other clients of the same state directory in other processes.
 */
public final class ChannelClient implements Revocations {

  /** How far a clock that is being set may step back. */
  private static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(5);

  private static final System.Logger LOG = System.getLogger(ChannelClient.class.getName());

  private final ChannelState state;
  private final byte[] trustedRoot;
  private final MetadataFetcher fetcher;
  private final Clock clock;
  private final Set<String> labels;

  private ChannelClient(
      ChannelState state,
      byte[] trustedRoot,
      MetadataFetcher fetcher,
      Clock clock,
      Set<String> labels) {
    this.state = state;
    this.trustedRoot = trustedRoot;
    this.fetcher = fetcher;
    this.clock = clock;
    this.labels = labels;
  }

  /**
   * Opens what is known of a channel, or begins with the root where nothing is. The root is kept
   * once a refresh has verified the channel's timestamp or its next root by it, so that a wrong one
   * stays in force nowhere; from then on no other is looked at.
   *
   * @param stateDirectory where the client remembers; protect it like a keyring
   * @param trustedRoot a {@code root.json} that came by a way that is trusted: with the application
   * @param fetcher where newer metadata comes from
   * @param clock against which expiry is held
   * @throws ChannelException if the root is malformed or not signed by its own keys
   * @throws PatchkitException if the directory cannot be used
   */
  public static ChannelClient open(
      Path stateDirectory, byte[] trustedRoot, MetadataFetcher fetcher, Clock clock) {
    ChannelState state = new ChannelState(stateDirectory);
    SignedMetadata signed = SignedMetadata.parse(ChannelRole.ROOT, trustedRoot);
    RootMetadata root = signed.read(RootMetadata::read);
    signed.requireSignedBy(root.keys(ChannelRole.ROOT), "the trusted root itself");
    return new ChannelClient(
        state, trustedRoot.clone(), fetcher, clock, Set.of(ChannelEntry.STABLE));
  }

  /**
   * The same client, which lets in anew only patches that bear one of these labels.
   *
   * @param labels at least one; formed like the names of patches
   */
  public ChannelClient withLabels(String... labels) {
    Set<String> followed = new TreeSet<>(List.of(labels));
    followed.forEach(ChannelEntry::requireLabel);
    if (followed.isEmpty()) {
      throw new IllegalArgumentException("labels are none; allowed: at least one");
    }
    return new ChannelClient(
        state, trustedRoot, fetcher, clock, Collections.unmodifiableSet(followed));
  }

  /**
   * Fetches and verifies what is new. Meanwhile {@link #current}, {@link #of} and {@link #isStale}
   * say what was known before; another refresh waits, and is {@code UNAVAILABLE} after a minute.
   *
   * <p>A clock that is behind a time that was seen does not keep revocations out: expiry is held
   * against the later of the two. But nothing is fresh then, for such a clock could keep old
   * metadata alive for ever.
   *
   * @return a fresh view; a stale one while the clock is behind
   * @throws ChannelException if anything is refused; what was known before, and each file that was
   *     verified before the refusal, is kept
   */
  public ChannelView refresh() {
    return state.refreshing(
        () -> {
          Instant now = time();
          warnOfClockBehind();
          ChannelRefresh refresh = new ChannelRefresh(state, trustedRoot, fetcher, now);
          try {
            refresh.run();
          } catch (RuntimeException refusal) {
            keepWhatWasVerified(refresh, refusal);
            throw refusal;
          }
          return state.exclusively(
              () -> {
                refresh.store();
                state.storeTime(now);
                return view(now);
              });
        });
  }

  private void warnOfClockBehind() {
    String clockBehind = clockBehind();
    if (clockBehind != null) {
      LOG.log(
          System.Logger.Level.WARNING,
          "Revocations of the channel are taken in, and nothing counts as fresh: " + clockBehind);
    }
  }

  private void keepWhatWasVerified(ChannelRefresh refresh, RuntimeException refusal) {
    try {
      state.exclusively(
          () -> {
            refresh.store();
            return true;
          });
    } catch (RuntimeException e) {
      refusal.addSuppressed(e);
    }
  }

  /**
   * What is known without asking anybody. It is stale when some metadata is over its time or
   * missing, or the clock is behind a time that was seen.
   *
   * @throws ChannelException {@code CORRUPT_STATE}
   */
  public ChannelView current() {
    return state.exclusively(() -> view(time()));
  }

  /** Where a patch stands by what is known, whatever the clock says. */
  @Override
  public Standing of(Digest patch) {
    return current().of(patch);
  }

  /** Also while the clock is behind a time that was seen: then nothing can be called fresh. */
  @Override
  public boolean isStale() {
    return current().isStale();
  }

  /** The time, which never goes back: the highest of the clock's and of those seen before. */
  private Instant time() {
    Instant now = clock.instant();
    Instant highest = state.highestTime();
    return now.isBefore(highest) ? highest : now;
  }

  /** What is wrong with a clock that is behind a time that was seen, and what to do; else null. */
  private @Nullable String clockBehind() {
    Instant now = clock.instant();
    Instant highest = state.highestTime();
    return !now.plus(CLOCK_TOLERANCE).isBefore(highest)
        ? null
        : "it was "
            + highest
            + " when the channel was last read, and the clock says "
            + now
            + "; set the clock, or, if it was ahead then and is right now, delete "
            + state.timeFile();
  }

  private ChannelView view(Instant now) {
    TargetsMetadata targets =
        state.load(ChannelRole.TARGETS, signed -> signed.read(TargetsMetadata::read));
    List<ChannelEntry> entries = targets == null ? List.of() : targets.entries();
    String clockBehind = clockBehind();
    boolean isFresh = clockBehind == null && isFresh(targets, now);
    return new ChannelView(
        entries, labels, isFresh ? Freshness.FRESH : Freshness.STALE, clockBehind);
  }

  private boolean isFresh(@Nullable TargetsMetadata targets, Instant now) {
    RootMetadata root = state.load(ChannelRole.ROOT, signed -> signed.read(RootMetadata::read));
    PointerMetadata timestamp = pointer(ChannelRole.TIMESTAMP);
    PointerMetadata snapshot = pointer(ChannelRole.SNAPSHOT);
    if (root == null || timestamp == null || snapshot == null || targets == null) {
      return false;
    }
    byte[] snapshotBytes = state.read(ChannelRole.SNAPSHOT);
    byte[] targetsBytes = state.read(ChannelRole.TARGETS);
    return snapshotBytes != null
        && timestamp.file().isOf(snapshotBytes)
        && targetsBytes != null
        && snapshot.file().isOf(targetsBytes)
        && !root.header().isExpired(now)
        && !timestamp.header().isExpired(now)
        && !snapshot.header().isExpired(now)
        && !targets.header().isExpired(now);
  }

  private @Nullable PointerMetadata pointer(ChannelRole role) {
    return state.load(role, signed -> signed.read(json -> PointerMetadata.read(role, json)));
  }
}
