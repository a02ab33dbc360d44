package io.patchkit.release.channel;

import io.patchkit.release.Digest;
import io.patchkit.release.Revocations;
import io.patchkit.release.channel.ChannelEntry.Status;
import io.patchkit.release.channel.ChannelException.Code;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
     * Some metadata is over its time, or missing. What runs may run on; revocations that are known
     * hold.
     */
    STALE
  }

  private final Map<String, ChannelEntry> entries = new LinkedHashMap<>();
  private final Freshness freshness;

  ChannelView(List<ChannelEntry> entries, Freshness freshness) {
    for (ChannelEntry entry : entries) {
      this.entries.put(entry.identity(), entry);
    }
    this.freshness = freshness;
  }

  public Freshness freshness() {
    return freshness;
  }

  @Override
  public Standing of(Digest patch) {
    ChannelEntry entry = entries.get(patch.hex());
    if (entry == null) {
      return new Standing(State.UNLISTED, "");
    }
    State state =
        switch (entry.status()) {
          case ACTIVE -> State.ACTIVE;
          case WITHDRAWN -> State.WITHDRAWN;
          case REVOKED -> State.REVOKED;
        };
    return new Standing(state, entry.reason());
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
   * @param identity SHA-256 of the {@code patch.json}, lower-case hexadecimal
   */
  public @Nullable ChannelEntry entry(String identity) {
    return entries.get(identity);
  }

  /**
   * Refuses a patch that must not run: one that is revoked. How old the view is does not matter,
   * because revocations are for ever.
   *
   * @throws ChannelException {@code REVOKED}
   */
  public void requireMayRun(String identity) {
    ChannelEntry entry = entries.get(identity);
    if (entry != null) {
      entry.requireNotRevoked();
    }
  }

  /**
   * Refuses a patch that must not be installed anew: one that is revoked, withdrawn or not listed,
   * and any while the view is stale.
   *
   * @throws ChannelException {@code REVOKED}, {@code STALE}, {@code UNLISTED} or {@code WITHDRAWN}
   */
  public void requireInstallable(String identity) {
    requireMayRun(identity);
    if (freshness == Freshness.STALE) {
      throw new ChannelException(
          Code.STALE,
          "expected a fresh view of the channel to install " + identity + " by; refresh it");
    }
    requireInstallableOffline(identity);
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
  }
}
