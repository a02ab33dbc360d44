package io.patchkit.release.channel;

import io.patchkit.release.channel.ChannelEntry.Status;
import io.patchkit.release.channel.ChannelException.Code;
import io.patchkit.release.channel.PointerMetadata.Announcement;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One refresh: TUF 1.0.34, section 5.3 to 5.6. What a step verifies waits for {@link #store}, so
 * that nobody sees half of a refresh while it waits for the network. Not thread-safe; no other
 * refresh of the state runs.
 */
final class ChannelRefresh {

  /** New roots that are followed in one refresh. */
  private static final int MAX_ROOTS = 64;

  /** How far a version may be ahead of the last one seen: a version a minute for two years. */
  private static final int MAX_STEP = 1 << 20;

  private final ChannelState state;
  private final byte[] trustedRoot;
  private final MetadataFetcher fetcher;
  private final Instant now;

  /** What is to be stored, in this order. */
  private final Map<ChannelRole, byte[]> verified = new LinkedHashMap<>();

  /** Whether the stored timestamp and snapshot count no more. */
  private boolean keysChanged;

  /** The root to begin with until it has proved to be the channel's, which is when it is stored. */
  private byte @Nullable [] unprovenRoot;

  /**
   * @param trustedRoot the root to begin with where nothing is known
   */
  ChannelRefresh(ChannelState state, byte[] trustedRoot, MetadataFetcher fetcher, Instant now) {
    this.state = state;
    this.trustedRoot = trustedRoot;
    this.fetcher = fetcher;
    this.now = now;
  }

  void run() {
    RootMetadata root = updateRoot();
    requireCurrent(ChannelRole.ROOT, root.header());
    PointerMetadata timestamp = updateTimestamp(root);
    PointerMetadata snapshot = updateSnapshot(root, timestamp.file());
    updateTargets(root, snapshot.file());
  }

  /**
   * Stores what was verified, also after a refusal. The state is held exclusively.
   *
   * <p>A crash in between leaves files that do not belong together, and so a stale view.
   */
  void store() {
    if (keysChanged) {
      // Before the root: a refresh that stops here sees the change of keys again.
      state.forget(ChannelRole.TIMESTAMP);
      state.forget(ChannelRole.SNAPSHOT);
    }
    verified.forEach(state::store);
  }

  /** Section 5.3: each new root is signed by the keys of the one before it and by its own. */
  private RootMetadata updateRoot() {
    RootMetadata root = firstRoot();
    for (int i = 0; root.version() < Integer.MAX_VALUE; i++) {
      byte[] content = fetch(ChannelRole.ROOT.fileName(root.version() + 1), ChannelRole.ROOT);
      if (content == null) {
        break;
      }
      if (i == MAX_ROOTS) {
        throw new ChannelException(
            Code.TOO_MANY_ROOTS,
            "expected at most "
                + MAX_ROOTS
                + " new roots, found more; those are kept, so refresh again, or begin with a newer"
                + " root");
      }
      root = nextRoot(root, content);
    }
    return root;
  }

  private RootMetadata firstRoot() {
    RootMetadata known = state.load(ChannelRole.ROOT, signed -> signed.read(RootMetadata::read));
    if (known != null) {
      return known;
    }
    if (state.read(ChannelRole.TIMESTAMP) != null || state.read(ChannelRole.TARGETS) != null) {
      throw new ChannelException(
          Code.CORRUPT_STATE,
          "the trusted root has vanished from the channel's state; restore it, or delete the state"
              + " and start again from a root that you trust");
    }
    unprovenRoot = trustedRoot;
    return SignedMetadata.parse(ChannelRole.ROOT, trustedRoot).read(RootMetadata::read);
  }

  private RootMetadata nextRoot(RootMetadata trusted, byte[] content) {
    SignedMetadata signed = SignedMetadata.parse(ChannelRole.ROOT, content);
    signed.requireSignedBy(
        trusted.keys(ChannelRole.ROOT), "root version " + trusted.version() + ", trusted so far");
    RootMetadata next = signed.read(RootMetadata::read);
    signed.requireSignedBy(next.keys(ChannelRole.ROOT), "the new root itself");
    requireVersion(ChannelRole.ROOT, trusted.version() + 1, next.version());
    // Recovery from a fast-forward attack: versions that stolen keys gave count no more.
    keysChanged |=
        !next.keys(ChannelRole.TIMESTAMP).equals(trusted.keys(ChannelRole.TIMESTAMP))
            || !next.keys(ChannelRole.SNAPSHOT).equals(trusted.keys(ChannelRole.SNAPSHOT));
    // The channel has shown a root that the one before it signed, and so that it is its own.
    unprovenRoot = null;
    verified.put(ChannelRole.ROOT, content);
    return next;
  }

  /** Section 5.4. */
  private PointerMetadata updateTimestamp(RootMetadata root) {
    ChannelRole role = ChannelRole.TIMESTAMP;
    byte[] content = required(role.fileName(), role);
    SignedMetadata signed = SignedMetadata.parse(role, content);
    PointerMetadata timestamp = pointer(root, signed);
    SignedMetadata known = keysChanged ? null : state.load(role);
    if (known != null) {
      PointerMetadata before = known.read(json -> PointerMetadata.read(role, json));
      requireNotBehind(role, before.version(), timestamp.version());
      if (before.version() == timestamp.version() && !known.saysTheSameAs(signed)) {
        throw new ChannelException(
            Code.EQUIVOCATION,
            role.fileName()
                + " of version "
                + timestamp.version()
                + " says something else than the one that was seen before");
      }
      requireNotBehind(ChannelRole.SNAPSHOT, before.file().version(), timestamp.file().version());
    }
    requireCurrent(role, timestamp.header());
    if (unprovenRoot != null) {
      verified.put(ChannelRole.ROOT, unprovenRoot);
    }
    verified.put(role, content);
    return timestamp;
  }

  /** Section 5.5. */
  private PointerMetadata updateSnapshot(RootMetadata root, Announcement announced) {
    ChannelRole role = ChannelRole.SNAPSHOT;
    byte[] content = announced(role, announced);
    SignedMetadata signed = SignedMetadata.parse(role, content);
    PointerMetadata snapshot = pointer(root, signed);
    requireVersion(role, announced.version(), snapshot.version());
    PointerMetadata before =
        keysChanged
            ? null
            : state.load(role, known -> known.read(json -> PointerMetadata.read(role, json)));
    if (before != null) {
      requireNotBehind(ChannelRole.TARGETS, before.file().version(), snapshot.file().version());
    }
    requireCurrent(role, snapshot.header());
    verified.put(role, content);
    return snapshot;
  }

  private PointerMetadata pointer(RootMetadata root, SignedMetadata signed) {
    ChannelRole role = signed.role();
    signed.requireSignedBy(root.keys(role), role.id());
    return signed.read(json -> PointerMetadata.read(role, json));
  }

  /** Section 5.6, and beyond it: what is revoked stays revoked, and no epoch goes back. */
  private void updateTargets(RootMetadata root, Announcement announced) {
    ChannelRole role = ChannelRole.TARGETS;
    byte[] content = announced(role, announced);
    SignedMetadata signed = SignedMetadata.parse(role, content);
    signed.requireSignedBy(root.keys(role), role.id());
    TargetsMetadata targets = signed.read(TargetsMetadata::read);
    requireVersion(role, announced.version(), targets.version());
    TargetsMetadata before = state.load(role, known -> known.read(TargetsMetadata::read));
    if (before != null) {
      requireKeepsRevocations(before, targets);
      SecurityEpochs.requireNotBack(before.entries(), targets.entries());
    }
    requireCurrent(role, targets.header());
    verified.put(role, content);
  }

  private static void requireKeepsRevocations(TargetsMetadata before, TargetsMetadata after) {
    Map<String, ChannelEntry> listed = new HashMap<>();
    for (ChannelEntry entry : after.entries()) {
      listed.put(entry.identity(), entry);
    }
    for (ChannelEntry entry : before.entries()) {
      ChannelEntry now = listed.get(entry.identity());
      if (entry.status() == Status.REVOKED && (now == null || now.status() != Status.REVOKED)) {
        throw new ChannelException(
            Code.REVOCATION_DROPPED,
            entry.path()
                + " ("
                + entry.identity()
                + ") was revoked, and is now "
                + (now == null ? "not listed" : now.status().toString())
                + "; publish a repaired patch as a new version instead");
      }
    }
  }

  /** The announced file, from what is known if that is it. */
  private byte[] announced(ChannelRole role, Announcement announced) {
    byte[] known = state.read(role);
    if (known != null && announced.isOf(known)) {
      return known;
    }
    String name = role.fileName(announced.version());
    byte[] content = required(name, role);
    announced.requireIsOf(content, name);
    return content;
  }

  private byte[] required(String name, ChannelRole role) {
    byte[] content = fetch(name, role);
    if (content == null) {
      throw new ChannelException(
          Code.MISSING, "the channel has no " + name + ", or does not give it out");
    }
    return content;
  }

  private byte @Nullable [] fetch(String name, ChannelRole role) {
    byte[] content;
    try {
      content = fetcher.fetch(name, role.maxBytes());
    } catch (IOException e) {
      throw new ChannelException(Code.UNAVAILABLE, "cannot fetch " + name + ": " + e, e);
    }
    if (content != null && content.length > role.maxBytes()) {
      throw DirectoryFetcher.tooLarge(name, role.maxBytes());
    }
    return content;
  }

  private void requireCurrent(ChannelRole role, MetadataHeader header) {
    if (header.isExpired(now)) {
      throw new ChannelException(
          Code.EXPIRED,
          role.fileName()
              + " of version "
              + header.version()
              + " expired on "
              + header.expires()
              + ", and it is "
              + now
              + "; the publisher has to sign it anew");
    }
  }

  private static void requireVersion(ChannelRole role, int expected, int found) {
    if (expected != found) {
      throw new ChannelException(
          Code.VERSION_MISMATCH,
          role.fileName() + ": expected version " + expected + ", found " + found);
    }
  }

  private static void requireNotBehind(ChannelRole role, int before, int found) {
    if (found < before) {
      throw new ChannelException(
          Code.ROLLBACK,
          role.fileName() + ": version " + before + " was seen before, found " + found);
    }
    if (found - before > MAX_STEP) {
      throw new ChannelException(
          Code.FAST_FORWARD,
          role.fileName()
              + ": expected at most "
              + MAX_STEP
              + " versions after "
              + before
              + ", found "
              + found);
    }
  }
}
