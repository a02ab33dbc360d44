package io.patchkit.release.channel;

import io.patchkit.PatchkitException;
import io.patchkit.format.JsonObject;
import io.patchkit.release.channel.ChannelEntry.Status;
import io.patchkit.release.channel.PointerMetadata.Announcement;
import io.patchkit.trust.Signer;
import io.patchkit.trust.VerificationKey;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Publishes a channel into a directory, which any web server can serve. Files that are published
 * stay as they are, and {@code timestamp.json} is replaced last, so that readers see a whole
 * channel at any time.
 *
 * <p>A publisher goes on with nothing that its own keys have not signed, so whoever may write into
 * the directory cannot have a list of theirs signed with the next change. Nor with an older list
 * that was put back: it keeps a record of what it signed last, and refuses a channel that is
 * behind. Keep the record beside the keys; where several machines publish, they have to share it,
 * on a file system that locks files. Publishers of one record wait for one another: what takes more
 * than half a minute is {@code UNAVAILABLE}. Thread-safe.
 */
public final class ChannelPublisher {

  private static final Duration ROOT_LIFETIME = Duration.ofDays(400);
  private static final Duration TARGETS_LIFETIME = Duration.ofDays(90);
  private static final Duration SNAPSHOT_LIFETIME = Duration.ofDays(14);
  private static final Duration TIMESTAMP_LIFETIME = Duration.ofDays(2);

  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(30);

  private static final List<ChannelRole> ONLINE =
      List.of(ChannelRole.TARGETS, ChannelRole.SNAPSHOT, ChannelRole.TIMESTAMP);

  private final ChannelDirectory directory;
  private final Clock clock;

  /** The record. Changes only while the one before is held. */
  private volatile LastSigned lastSigned;

  /** Changes, and is read, only while the record is held. */
  private ChannelKeys keys;

  private ChannelPublisher(Path directory, ChannelKeys keys, Path record, Clock clock) {
    this.directory = new ChannelDirectory(directory);
    this.keys = keys;
    this.lastSigned = new LastSigned(record, LOCK_TIMEOUT);
    this.clock = clock;
  }

  /**
   * A new channel, without patches.
   *
   * @param directory absent or empty
   * @param record the directory in which the publisher keeps what it signed last, made if it is not
   *     there; not the channel's
   * @throws PatchkitException if the directory has something in it or cannot be written, or there
   *     is a record already
   */
  public static ChannelPublisher create(
      Path directory, ChannelKeys keys, Path record, Clock clock) {
    ChannelPublisher publisher = new ChannelPublisher(directory, keys, record, clock);
    publisher.exclusively(publisher::begin);
    return publisher;
  }

  private void begin() {
    directory.begin();
    lastSigned.requireNone();
    publishRoot(1, keys.root());
    publishTargets(1, List.of());
  }

  /** A whole change, from what it reads to what it writes. */
  private void exclusively(Runnable change) {
    holding(
        () -> {
          change.run();
          return true;
        });
  }

  /** Does something while no other publisher uses the record. */
  private <T> T holding(Supplier<T> work) {
    while (true) {
      LastSigned held = lastSigned;
      // Who waited for a change of keys has to hold the record that this went on with.
      Optional<T> result =
          held.holding(() -> held == lastSigned ? Optional.of(work.get()) : Optional.empty());
      if (result.isPresent()) {
        return result.get();
      }
    }
  }

  /**
   * The channel of a directory, to go on with.
   *
   * @param keys those that signed what is there; {@link ChannelKeys#online} will do unless roots
   *     are to be signed
   * @param record the directory in which the publisher keeps what it signed last; where nothing is
   *     recorded, the channel is taken as it is
   * @throws ChannelException {@code THRESHOLD_NOT_MET} if other keys signed it, {@code MISSING} if
   *     there is no channel, {@code ROLLBACK} or {@code EQUIVOCATION} if it is not what was signed
   *     last, {@code CORRUPT_STATE} if the record is damaged
   */
  public static ChannelPublisher open(Path directory, ChannelKeys keys, Path record, Clock clock) {
    ChannelPublisher publisher = new ChannelPublisher(directory, keys, record, clock);
    publisher.entries();
    return publisher;
  }

  /** The root to begin a client with: the first that was published. */
  public byte[] firstRoot() {
    return directory.read(ChannelRole.ROOT.fileName(1), ChannelRole.ROOT);
  }

  /** The newest root: to begin a client with after a change of keys. */
  public byte[] newestRoot() {
    return directory.read(ChannelRole.ROOT.fileName(rootVersion()), ChannelRole.ROOT);
  }

  /** The version of the newest root. */
  public int rootVersion() {
    return directory.rootVersion();
  }

  /** When the newest root expires: from then on no client follows until {@link #renewRoot}. */
  public Instant rootExpires() {
    return holding(() -> root().header().expires());
  }

  /** The patches that are listed. */
  public List<ChannelEntry> entries() {
    return holding(() -> targets().entries());
  }

  /** The highest security epoch of the listed patches of a name, 0 if there are none. */
  public int securityEpoch(String name) {
    return SecurityEpochs.of(entries()).of(name);
  }

  /**
   * Lists a patch.
   *
   * @throws IllegalArgumentException if its name and version, or its identity, are listed already,
   *     or its security epoch is behind, so that nobody would install it, or raised under another
   *     label than {@link ChannelEntry#STABLE} while those who follow that one have patches of the
   *     name, of which they could install none any more
   */
  public void publish(ChannelEntry entry) {
    exclusively(() -> list(entry));
  }

  private void list(ChannelEntry entry) {
    TargetsMetadata targets = targets();
    List<ChannelEntry> changed = new ArrayList<>(targets.entries());
    for (ChannelEntry listed : changed) {
      if (listed.path().equals(entry.path()) || listed.identity().equals(entry.identity())) {
        throw new IllegalArgumentException(
            "entry is "
                + entry.path()
                + " ("
                + entry.identity()
                + "), and "
                + listed.path()
                + " ("
                + listed.identity()
                + ") is listed; allowed: what is not, so raise the version");
      }
    }
    SecurityEpochs epochs = SecurityEpochs.of(changed);
    if (epochs.isBehind(entry)) {
      throw new IllegalArgumentException(
          "securityEpoch: " + epochs.reasonOf(entry) + "; allowed: that or a higher one");
    }
    epochs.requireKeepsStable(changed, entry);
    changed.add(entry);
    publishNext(targets, changed);
  }

  /** Says that a patch must not run, for ever. */
  public void revoke(String identity, String reason) {
    change(identity, entry -> entry.withStatus(Status.REVOKED, reason));
  }

  /** Says that a patch must not be installed anew. */
  public void withdraw(String identity, String reason) {
    change(
        identity,
        entry -> {
          requireNotRevoked(entry);
          return entry.withStatus(Status.WITHDRAWN, reason);
        });
  }

  /** Says that a withdrawn patch is good after all. */
  public void reinstate(String identity) {
    change(
        identity,
        entry -> {
          requireNotRevoked(entry);
          return entry.withStatus(Status.ACTIVE, "");
        });
  }

  /** Gives a patch to others, those who follow a label: after a trial from beta to stable. */
  public void relabel(String identity, String label) {
    change(
        identity,
        entry -> {
          requireNotRevoked(entry);
          return entry.withLabel(label);
        });
  }

  private static void requireNotRevoked(ChannelEntry entry) {
    if (entry.status() == Status.REVOKED) {
      throw new IllegalArgumentException(
          "identity is that of "
              + entry.path()
              + ", which is revoked for ever; publish a repaired"
              + " patch as a new version");
    }
  }

  private void change(String identity, UnaryOperator<ChannelEntry> change) {
    exclusively(() -> replace(identity, change));
  }

  private void replace(String identity, UnaryOperator<ChannelEntry> change) {
    TargetsMetadata targets = targets();
    List<ChannelEntry> changed = new ArrayList<>();
    boolean found = false;
    for (ChannelEntry entry : targets.entries()) {
      boolean isMeant = entry.identity().equals(identity);
      changed.add(isMeant ? change.apply(entry) : entry);
      found |= isMeant;
    }
    if (!found) {
      throw new IllegalArgumentException(
          "identity is " + identity + "; allowed: that of a patch that the channel lists");
    }
    publishNext(targets, changed);
  }

  /**
   * Signs everything but the root anew, so that it does not expire: to be called every day.
   *
   * @throws ChannelException {@code EXPIRED} if the root has, as every other change of the list
   *     then does
   */
  public void renew() {
    exclusively(
        () -> {
          TargetsMetadata targets = targets();
          publishNext(targets, targets.entries());
        });
  }

  /** Publishes the list after this one, under a root that clients still believe. */
  private void publishNext(TargetsMetadata targets, List<ChannelEntry> entries) {
    root().requireCurrent(clock.instant());
    publishTargets(targets.version() + 1, entries);
  }

  /**
   * Signs everything anew, the root too, with the keys that it has: to be called every year, which
   * is before {@link #rootExpires}.
   *
   * @throws IllegalArgumentException if this publisher's keys are not exactly those of the root
   */
  public void renewRoot() {
    exclusively(this::signRootAnew);
  }

  private void signRootAnew() {
    RootMetadata root = root();
    if (!root.roles().equals(keys.roles())) {
      throw new IllegalArgumentException(
          "keys or rootThreshold are not those of "
              + ChannelRole.ROOT.fileName(root.version())
              + "; allowed: exactly those, or rotate to change them");
    }
    succeed(keys, lastSigned);
  }

  /**
   * Changes the keys. The new root is signed by the old root keys and by the new ones; what other
   * keys signed is signed anew. If it stops half way, do it again.
   *
   * @param successors all keys from now on; of the old root keys, this publisher needs as many as
   *     their threshold
   * @throws IllegalArgumentException if too few of this publisher's root keys are the root's, so
   *     that no client would follow; nothing is written
   */
  public void rotate(ChannelKeys successors) {
    exclusively(() -> succeed(successors, lastSigned));
  }

  /**
   * Changes the keys as {@link #rotate(ChannelKeys)} does and goes on with another record, such as
   * one beside the new keys. Both are held meanwhile, so that nobody who publishes with the old
   * keys comes in between.
   *
   * @param record the directory to go on with, made if it is not there; takes over what the one so
   *     far has newer. May be the one so far
   * @throws ChannelException {@code ROLLBACK} or {@code EQUIVOCATION} if the channel is not what
   *     that record says either
   */
  public void rotate(ChannelKeys successors, Path record) {
    LastSigned next = new LastSigned(record, LOCK_TIMEOUT);
    exclusively(
        () -> {
          if (next.isSameAs(lastSigned)) {
            succeed(successors, lastSigned);
          } else {
            next.holding(
                () -> {
                  succeed(successors, next);
                  return true;
                });
          }
        });
  }

  /**
   * Signs everything with other keys.
   *
   * @param record the one to go on with, held
   */
  private void succeed(ChannelKeys successors, LastSigned record) {
    TargetsMetadata targets = targets();
    RootMetadata newest = root();
    boolean isChange = !keys.roles().equals(successors.roles());
    boolean isHalfDone = isChange && newest.roles().equals(successors.roles());
    List<Signer> signers = new ArrayList<>(keys.root());
    for (Signer successor : successors.root()) {
      boolean signsAlready = false;
      for (Signer signer : keys.root()) {
        signsAlready |= signer.verificationKey().equals(successor.verificationKey());
      }
      if (!signsAlready) {
        signers.add(successor);
      }
    }
    if (!isHalfDone) {
      newest.requireFollowed(keys.root());
    }
    ChannelKeys oldKeys = keys;
    LastSigned oldRecord = lastSigned;
    goOnWith(record);
    keys = successors;
    try {
      if (!isHalfDone) {
        publishRoot(newest.version() + 1, signers);
      }
      publishTargets(targets.version() + 1, targets.entries());
    } catch (RuntimeException e) {
      // The list that is published is still the old keys': whoever does it again begins with them.
      keys = oldKeys;
      lastSigned = oldRecord;
      throw e;
    }
  }

  private void goOnWith(LastSigned record) {
    LastSigned before = lastSigned;
    if (record == before) {
      return;
    }
    lastSigned = record;
    try {
      var unusedTargets = targets();
      var unusedRoot = root();
      record.takeOver(before);
    } catch (RuntimeException e) {
      lastSigned = before;
      throw e;
    }
  }

  private RootMetadata root() {
    SignedMetadata root = SignedMetadata.parse(ChannelRole.ROOT, newestRoot());
    lastSigned.requireNotBehind(root, directory.path(ChannelRole.ROOT.fileName(rootVersion())));
    return root.read(RootMetadata::read);
  }

  /** Refuses to sign with keys that no client would believe. */
  private void requireNamedByTheRoot() {
    RootMetadata root = root();
    for (ChannelRole role : ONLINE) {
      VerificationKey key = keys.signer(role).verificationKey();
      if (!root.keys(role).keys().containsValue(key)) {
        throw new IllegalArgumentException(
            "the key of "
                + role.id()
                + " is "
                + key.keyId()
                + "; allowed: the one that "
                + ChannelRole.ROOT.fileName(root.version())
                + " names");
      }
    }
  }

  private void publishRoot(int version, List<Signer> signers) {
    RootMetadata root = new RootMetadata(header(version, ROOT_LIFETIME), keys.roles());
    byte[] content = sign(ChannelRole.ROOT, root.json(), signers, RootMetadata::read);
    lastSigned.store(ChannelRole.ROOT, content);
    directory.write(ChannelRole.ROOT.fileName(version), content);
  }

  /** Publishes targets and, with the next version of each, the snapshot and the timestamp. */
  private void publishTargets(int version, List<ChannelEntry> entries) {
    requireNamedByTheRoot();
    TargetsMetadata targets = new TargetsMetadata(header(version, TARGETS_LIFETIME), entries);
    byte[] list =
        sign(ChannelRole.TARGETS, targets.json(), List.of(keys.targets()), TargetsMetadata::read);
    directory.write(ChannelRole.TARGETS.fileName(version), list);

    // Each targets has its own snapshot and timestamp: the three versions go together.
    byte[] snapshot =
        pointer(ChannelRole.SNAPSHOT, version, SNAPSHOT_LIFETIME, Announcement.of(version, list));
    directory.write(ChannelRole.SNAPSHOT.fileName(version), snapshot);
    byte[] newest =
        pointer(
            ChannelRole.TIMESTAMP, version, TIMESTAMP_LIFETIME, Announcement.of(version, snapshot));
    lastSigned.store(ChannelRole.TIMESTAMP, newest);
    directory.write(ChannelRole.TIMESTAMP.fileName(), newest);
  }

  private byte[] pointer(ChannelRole role, int version, Duration lifetime, Announcement file) {
    ChannelRole announced =
        role == ChannelRole.TIMESTAMP ? ChannelRole.SNAPSHOT : ChannelRole.TARGETS;
    PointerMetadata pointer = new PointerMetadata(header(version, lifetime), announced, file);
    return sign(
        role,
        pointer.json(role),
        List.of(keys.signer(role)),
        json -> PointerMetadata.read(role, json));
  }

  /** Signs what is to be published, and refuses what nobody could read then. */
  private static byte[] sign(
      ChannelRole role, JsonObject signed, List<Signer> signers, Function<JsonObject, ?> reader) {
    byte[] content = SignedMetadata.sign(signed, signers);
    try {
      Object unused = SignedMetadata.parse(role, content).read(reader);
      return content;
    } catch (ChannelException e) {
      throw new IllegalArgumentException(
          "what would be published could not be read, so nothing is written: " + e.getMessage(), e);
    }
  }

  private MetadataHeader header(int version, Duration lifetime) {
    return new MetadataHeader(version, clock.instant().plus(lifetime));
  }

  private TargetsMetadata targets() {
    String newest = ChannelRole.TIMESTAMP.fileName();
    byte[] content = directory.read(newest, ChannelRole.TIMESTAMP);
    lastSigned.requireNotBehind(own(content, ChannelRole.TIMESTAMP), directory.path(newest));
    content = announcedBy(content, ChannelRole.TIMESTAMP, ChannelRole.SNAPSHOT);
    content = announcedBy(content, ChannelRole.SNAPSHOT, ChannelRole.TARGETS);
    return own(content, ChannelRole.TARGETS).read(TargetsMetadata::read);
  }

  private byte[] announcedBy(byte[] content, ChannelRole role, ChannelRole announced) {
    Announcement file = own(content, role).read(json -> PointerMetadata.read(role, json)).file();
    String name = announced.fileName(file.version());
    byte[] found = directory.read(name, announced);
    file.requireIsOf(found, name);
    return found;
  }

  /** Metadata that this publisher's key has signed. */
  private SignedMetadata own(byte[] content, ChannelRole role) {
    RoleKeys own = RoleKeys.of(List.of(keys.signer(role).verificationKey()), 1);
    return SignedMetadata.parse(role, content).requireSignedBy(own, "this publisher");
  }
}
