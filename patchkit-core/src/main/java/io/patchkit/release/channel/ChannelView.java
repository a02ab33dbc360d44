package io.patchkit.release.channel;

import io.patchkit.SemanticVersion;
import io.patchkit.release.Digest;
import io.patchkit.release.PulledPatch;
import io.patchkit.release.Release;
import io.patchkit.release.Revocations;
import io.patchkit.release.channel.ChannelEntry.Status;
import io.patchkit.release.channel.ChannelException.Code;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a channel says of its patches, as far as this client has verified it. Immutable and
 * thread-safe; it does not change when the channel does.
 */
public final class ChannelView implements Revocations {

  /** Whether what is known is as new as the channel promises. */
  public enum Freshness {
    /** All metadata is within its time. */
    FRESH,
    /**
     * Some metadata is over its time or missing, or the clock is behind a time that was seen. What
     * runs may run on; revocations that are known hold.
     */
    STALE
  }

  private final Map<String, ChannelEntry> entries = new LinkedHashMap<>();
  private final SecurityEpochs epochs;
  private final Set<String> labels;
  private final Freshness freshness;
  private final @Nullable String clockBehind;

  /**
   * @param labels those that are followed
   * @param clockBehind why the clock made the view stale and what to do; null if it did not
   */
  ChannelView(
      List<ChannelEntry> entries,
      Set<String> labels,
      Freshness freshness,
      @Nullable String clockBehind) {
    for (ChannelEntry entry : entries) {
      this.entries.put(entry.identity(), entry);
    }
    this.epochs = SecurityEpochs.of(entries);
    this.labels = labels;
    this.freshness = freshness;
    this.clockBehind = clockBehind;
  }

  public Freshness freshness() {
    return freshness;
  }

  /**
   * A patch whose security epoch is behind, or whose label is not followed, stands as a withdrawn
   * one.
   */
  @Override
  public Standing of(Digest patch) {
    ChannelEntry entry = entries.get(patch.hex());
    if (entry == null) {
      return new Standing(State.UNLISTED, "");
    }
    if (entry.status() == Status.ACTIVE && epochs.isBehind(entry)) {
      return new Standing(State.WITHDRAWN, epochs.reasonOf(entry));
    }
    if (entry.status() == Status.ACTIVE && !labels.contains(entry.label())) {
      return new Standing(State.WITHDRAWN, otherLabel(entry));
    }
    State state =
        switch (entry.status()) {
          case ACTIVE -> State.ACTIVE;
          case WITHDRAWN -> State.WITHDRAWN;
          case REVOKED -> State.REVOKED;
        };
    return new Standing(state, entry.reason());
  }

  private String otherLabel(ChannelEntry entry) {
    return "its label is "
        + entry.label()
        + ", and "
        + String.join(", ", labels)
        + (labels.size() == 1 ? " is" : " are")
        + " followed";
  }

  @Override
  public boolean isStale() {
    return freshness == Freshness.STALE;
  }

  /** All listed patches, in the channel's order. */
  public List<ChannelEntry> entries() {
    return List.copyOf(entries.values());
  }

  /**
   * What the channel says of one patch, or null if it does not list it.
   *
   * @param identity SHA-256 of the {@code patch.json}: 64 lower-case hexadecimal digits, here and
   *     below
   * @throws IllegalArgumentException if it is anything else
   */
  public @Nullable ChannelEntry entry(String identity) {
    return entries.get(new Digest(identity).hex());
  }

  /**
   * Refuses a patch that must not run: one that is revoked. How old the view is does not matter,
   * because revocations are for ever.
   *
   * @throws ChannelException {@code REVOKED}
   */
  public void requireMayRun(String identity) {
    ChannelEntry entry = entry(identity);
    if (entry != null) {
      entry.requireNotRevoked();
    }
  }

  /**
   * Refuses a patch that must not be installed anew: one that is revoked, withdrawn, not listed, of
   * a security epoch that is behind or a label that is not followed, and any while the view is
   * stale.
   *
   * @throws ChannelException {@code REVOKED}, {@code CLOCK_BEHIND}, {@code STALE}, {@code
   *     UNLISTED}, {@code WITHDRAWN}, {@code EPOCH_BEHIND} or {@code OTHER_LABEL}
   */
  public void requireInstallable(String identity) {
    requireMayRun(identity);
    requireFresh();
    requireInstallableOffline(identity);
  }

  /**
   * Refuses a view by which nothing may be installed anew: one that is stale.
   *
   * @throws ChannelException {@code CLOCK_BEHIND} or {@code STALE}
   */
  public void requireFresh() {
    if (clockBehind != null) {
      throw new ChannelException(
          Code.CLOCK_BEHIND,
          "cannot tell whether the channel's metadata is current: " + clockBehind);
    }
    if (freshness == Freshness.STALE) {
      throw new ChannelException(
          Code.STALE, "expected a fresh view of the channel to install anything by; refresh it");
    }
  }

  /**
   * Like {@link #requireInstallable}, at any age of the view: for who is knowingly offline and puts
   * up with revocations that have not arrived. Log it.
   */
  public void requireInstallableOffline(String identity) {
    requireMayRun(identity);
    ChannelEntry entry = entries.get(identity);
    if (entry == null) {
      throw new ChannelException(Code.UNLISTED, "the channel does not list the patch " + identity);
    }
    if (entry.status() == Status.WITHDRAWN) {
      throw new ChannelException(
          Code.WITHDRAWN, entry.path() + " (" + identity + ") is withdrawn: " + entry.reason());
    }
    if (epochs.isBehind(entry)) {
      throw new ChannelException(
          Code.EPOCH_BEHIND,
          entry.path()
              + " ("
              + identity
              + ") is behind: "
              + epochs.reasonOf(entry)
              + "; use a newer release");
    }
    if (!labels.contains(entry.label())) {
      throw new ChannelException(
          Code.OTHER_LABEL,
          entry.path()
              + " ("
              + identity
              + ") is for others: "
              + otherLabel(entry)
              + "; follow that label too, or use another release");
    }
  }

  /** The versions of a patch that may be installed; none while the view is stale. */
  public List<SemanticVersion> installable(String name) {
    List<SemanticVersion> versions = new ArrayList<>();
    for (ChannelEntry entry : entries.values()) {
      if (freshness == Freshness.FRESH
          && entry.name().equals(name)
          && entry.status() == Status.ACTIVE
          && !epochs.isBehind(entry)
          && labels.contains(entry.label())) {
        versions.add(entry.version());
      }
    }
    return versions;
  }

  /**
   * Refuses what a registry gave, unless it is what the channel lists: this {@code patch.json}
   * under this name and version and, where the entry names one, this manifest. What the patch says
   * is not looked at; verify it next.
   *
   * @throws ChannelException {@code RELEASE_MISMATCH}, or as {@link #requireInstallable(String)}
   */
  public void requireInstallable(PulledPatch pulled) {
    String identity = Digest.of(pulled.files().content("patch.json")).hex();
    requireInstallable(identity);
    ChannelEntry entry = Objects.requireNonNull(entries.get(identity));
    Release release = pulled.release();
    boolean isThatName =
        entry.name().equals(release.name()) && entry.version().equals(release.version());
    if (!isThatName || (entry.manifest() != null && !entry.manifest().equals(release.manifest()))) {
      throw new ChannelException(
          Code.RELEASE_MISMATCH,
          "expected "
              + entry.path()
              + (entry.manifest() == null ? "" : " of manifest " + entry.manifest())
              + ", found "
              + release
              + "; the registry is not the channel's, or is not to be trusted");
    }
  }
}
