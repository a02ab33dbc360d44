package io.patchkit.release.channel;

import io.patchkit.release.channel.ChannelEntry.Status;
import io.patchkit.release.channel.ChannelException.Code;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * The highest security epoch of each patch name. Patches below it may run on where they run, and do
 * not come anew: something in them is repaired in a release of the highest epoch.
 */
record SecurityEpochs(Map<String, Integer> highest) {

  SecurityEpochs {
    highest = Map.copyOf(highest);
  }

  /** Those of a list; entries that are withdrawn or revoked count too. */
  static SecurityEpochs of(Collection<ChannelEntry> entries) {
    Map<String, Integer> highest = new HashMap<>();
    for (ChannelEntry entry : entries) {
      highest.merge(entry.name(), entry.securityEpoch(), Math::max);
    }
    return new SecurityEpochs(highest);
  }

  /** The highest epoch of a name, 0 if it is not listed. */
  int of(String name) {
    return highest.getOrDefault(name, 0);
  }

  boolean isBehind(ChannelEntry entry) {
    return entry.securityEpoch() < of(entry.name());
  }

  /** Refuses an entry that leaves those who follow the stable label without what they have now. */
  void requireKeepsStable(Collection<ChannelEntry> listed, ChannelEntry entry) {
    if (entry.securityEpoch() <= of(entry.name()) || entry.label().equals(ChannelEntry.STABLE)) {
      return;
    }
    for (ChannelEntry other : listed) {
      if (other.name().equals(entry.name())
          && other.status() == Status.ACTIVE
          && other.label().equals(ChannelEntry.STABLE)
          && !isBehind(other)) {
        throw new IllegalArgumentException(
            "securityEpoch is "
                + entry.securityEpoch()
                + " and label "
                + entry.label()
                + ", so that those who follow "
                + ChannelEntry.STABLE
                + ", for whom "
                + other.path()
                + " is, could install no "
                + entry.name()
                + "; allowed: "
                + of(entry.name())
                + " while a release is on trial, and a higher one with a release labelled "
                + ChannelEntry.STABLE);
      }
    }
  }

  /** Why a patch that is behind does not come anew. */
  String reasonOf(ChannelEntry entry) {
    return "its security epoch is "
        + entry.securityEpoch()
        + ", and "
        + entry.name()
        + " is at "
        + of(entry.name());
  }

  /**
   * Refuses a list in which an epoch went back: that of a patch, or the highest of a name, be it
   * that the patch of the highest epoch is listed no more.
   */
  static void requireNotBack(Collection<ChannelEntry> before, Collection<ChannelEntry> after) {
    Map<String, ChannelEntry> listed = new HashMap<>();
    for (ChannelEntry entry : after) {
      listed.put(entry.identity(), entry);
    }
    for (ChannelEntry entry : before) {
      ChannelEntry now = listed.get(entry.identity());
      if (now != null) {
        requireNotBack(entry.path(), entry.securityEpoch(), now.securityEpoch());
      }
    }
    SecurityEpochs now = of(after);
    of(before).highest().forEach((name, epoch) -> requireNotBack(name, epoch, now.of(name)));
  }

  private static void requireNotBack(String what, int before, int now) {
    if (now < before) {
      throw new ChannelException(
          Code.EPOCH_ROLLBACK,
          what
              + ": security epoch "
              + before
              + " was seen before, found "
              + now
              + "; epochs never go back");
    }
  }
}
