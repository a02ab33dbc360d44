package io.patchkit.release;

import io.patchkit.Patch;
import io.patchkit.PatchStack;
import io.patchkit.release.StackGeneration.Origin;
import io.patchkit.trust.PatchFiles;
import io.patchkit.trust.TrustPolicy;
import io.patchkit.trust.UntrustedPatchException;
import io.patchkit.trust.VerifiedPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The patches of one machine: verified patches, an immutable history of which of them were active,
 * and the generation that is current. The package description gives the layout on disk.
 *
 * <p>Thread-safe, and safe across processes: changes wait for one another, readers wait for nobody.
 * A change happens whole or not at all, whenever the process or the machine stops. A store holds no
 * resources and needs no closing.
 *
 * <p>Every method throws {@link StoreException}; {@link StoreException#reason()} says why.
 */
public final class PatchStore {

  private final StoreLayout layout;
  private final StoreReader reader;
  private final StoreWriter writer;

  private PatchStore(StoreLayout layout, StoreReader reader, StoreWriter writer) {
    this.layout = layout;
    this.reader = reader;
    this.writer = writer;
  }

  /** Like {@link #open(Path, StoreOptions)} with the default options. */
  public static PatchStore open(Path directory) {
    return open(directory, StoreOptions.defaults());
  }

  /**
   * Opens a store, or makes one where nothing is. Nothing that is there is changed: what a crash
   * left behind is tidied up by the next change.
   *
   * @throws StoreException {@code NOT_A_STORE} or {@code FORMAT_NEWER}
   */
  public static PatchStore open(Path directory, StoreOptions options) {
    try {
      StoreLayout layout = StoreLayout.open(directory, options.lockTimeout());
      StoreReader reader = new StoreReader(layout);
      return new PatchStore(layout, reader, new StoreWriter(layout, reader, options));
    } catch (IOException e) {
      throw StoreException.io("cannot open the store " + directory, e);
    }
  }

  /** Where the store lies, as a real path. */
  public Path directory() {
    return layout.root;
  }

  // What is there

  /** The current generation; the last good one, with a warning, if its record is damaged. */
  public StackGeneration current() {
    return reader.reading(reader::current);
  }

  /** The generation of this number; 0 is the state of a new store. */
  public StackGeneration generation(long number) {
    return reader.reading(() -> reader.generations.read(number));
  }

  /**
   * The generations that are kept, oldest first, up to the current one. Those whose record is
   * damaged are left out, with a warning.
   */
  public List<StackGeneration> history() {
    return reader.reading(reader::history);
  }

  /** What a generation's stack has that another's has not. */
  public StackDiff diff(long before, long after) {
    return StackDiff.between(generation(before).stack(), generation(after).stack());
  }

  /** Everything that is to be known at a glance. */
  public StoreStatus status() {
    return reader.reading(reader::status);
  }

  /** The audit log, oldest entry first, its chain verified. */
  public List<AuditEntry> audit() {
    return reader.reading(reader::auditEntries);
  }

  /** Whether a generation was found to work. */
  public boolean isGood(long generation) {
    return reader.reading(() -> reader.generations.isGood(reader.generations.read(generation)));
  }

  /** What the store knows of an installed patch. */
  public InstalledPatch installed(Digest patch) {
    return reader.reading(() -> reader.blobs.describe(patch));
  }

  /** Reads an installed patch; every byte is held against its digest first. */
  public Patch load(Digest patch) {
    return reader.reading(() -> Patch.parse(reader.blobs.read(reader.blobs.describe(patch))));
  }

  /** Reads the patches of a generation. */
  public PatchStack load(StackGeneration generation) {
    List<Patch> patches = new ArrayList<>();
    for (StackEntry entry : generation.stack()) {
      patches.add(reader.reading(() -> Patch.parse(reader.blobs.read(reader.describe(entry)))));
    }
    return PatchStack.of(patches);
  }

  /**
   * Verifies an installed patch anew, by the signatures that it was installed with.
   *
   * @throws UntrustedPatchException if the policy does not trust it
   */
  public VerifiedPatch verify(Digest patch, TrustPolicy policy) {
    return reader.reading(
        () ->
            VerifiedPatch.verify(
                PatchFiles.of(reader.blobs.read(reader.blobs.describe(patch))),
                reader.blobs.signatures(patch),
                policy,
                writer.options.clock()));
  }

  /** The time by which this store goes. */
  Clock clock() {
    return writer.options.clock();
  }

  /**
   * Refuses a patch that this store knows to be revoked, or {@link StoreOptions#revocations} does.
   *
   * @throws StoreException {@code REVOKED}
   */
  void requireNotRevoked(StackEntry entry) {
    reader.reading(
        () -> {
          writer.admission.requireNotRevoked(entry.digest(), entry.id());
          return entry;
        });
  }

  /** Whether a patch is revoked by what this store knows, and the rest that can be asked. */
  boolean isRevoked(Digest patch) {
    return reader.reading(() -> writer.admission.isKnownRevoked(patch));
  }

  /**
   * The newest good generation before a number for requests that have a revoked patch and cannot
   * get the current generation: like {@link #lastGoodBefore}, without what was deactivated.
   */
  StackGeneration fallbackBefore(long number, StackGeneration current) {
    return reader.reading(() -> writer.fallbackBefore(number, current));
  }

  /** The stack that activating the patch now would give. */
  List<StackEntry> stackWith(Digest patch) {
    return reader.reading(() -> writer.stackWith(reader.current(), reader.blobs.describe(patch)));
  }

  // Changes

  /**
   * Puts a verified patch in. It is not active yet; {@link StoreOptions#installLease} keeps it from
   * being collected until it is. Installing a patch again mends its files and adds its signatures,
   * in the place of older ones by the same keys.
   *
   * @throws StoreException {@code REVOKED}, {@code WITHDRAWN}, {@code STALE}, {@code
   *     VERSION_TAKEN}, {@code TOO_MANY_SIGNATURES}, {@code NO_SPACE}
   */
  public InstalledPatch install(VerifiedPatch patch, Change change) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String name : patch.files().digests().keySet()) {
      files.put(name, patch.files().content(name));
    }
    return writer.install(files, patch.bundles(), change);
  }

  /**
   * Makes a patch active: in the place of the patch that has its slot or its name, else behind all
   * others; patches that it replaces go.
   *
   * @throws StoreException if it is not installed or not in good standing, or may not stand with
   *     the others
   */
  public StackGeneration activate(Digest patch, Activation activation, Change change) {
    return writer.activate(patch, activation, change);
  }

  /** Makes a patch active for all requests, and takes it for good. */
  public StackGeneration activate(Digest patch, Change change) {
    return activate(patch, Activation.full(), change);
  }

  /**
   * Makes exactly these patches active, in this order. Those that not all requests get already have
   * to be in good standing, the others only not revoked.
   */
  public StackGeneration activateStack(List<Digest> stack, Activation activation, Change change) {
    return writer.activateStack(List.copyOf(stack), activation, change);
  }

  /**
   * Takes a patch out of the stack.
   *
   * @throws StoreException {@code NOT_ACTIVE}, or that another active patch requires it
   */
  public StackGeneration deactivate(String name, Change change) {
    return writer.deactivate(name, change);
  }

  /**
   * Makes the stack of an older generation current again, as a new generation for all requests. It
   * counts as good if the old one does. Only what is revoked is refused; of a canary, what neither
   * all requests have nor its baseline had comes anew to most of them, and has to be in good
   * standing as for {@link #promote}.
   *
   * @throws StoreException {@code UNKNOWN_GENERATION}, {@code NOT_INSTALLED}, {@code REVOKED}; of a
   *     canary also {@code WITHDRAWN} and {@code STALE}
   */
  public StackGeneration rollback(long generation, Change change) {
    return writer.rollback(generation, Origin.ROLLED_BACK, change, null);
  }

  /**
   * Like {@link #rollback(long, Change)}, but only while {@code expected} is current; so that of
   * several who find one generation bad, one rolls back.
   *
   * @return the current generation: the new one, or the one that somebody else made
   */
  public StackGeneration rollbackIfCurrent(long expected, long generation, Change change) {
    return writer.rollback(generation, Origin.ROLLED_BACK, change, expected);
  }

  /**
   * The newest good generation before this one whose patches are all there and not revoked, and
   * whose stack is not one that a rollback left: such a stack is passed over until it is activated,
   * or rolled back to, again.
   */
  public StackGeneration lastGoodBefore(long generation) {
    return reader.reading(() -> writer.lastGoodBefore(generation));
  }

  /**
   * Gives a canary to all requests, and takes it for good. Returns the current one if it is full.
   *
   * @throws StoreException {@code REVOKED}, or {@code WITHDRAWN} or {@code STALE} of a patch that
   *     the baseline does not have
   */
  public StackGeneration promote(Change change) {
    return writer.promote(change);
  }

  /** Notes that a generation was found to work. Does nothing if that was noted before. */
  public void markGood(long generation, Change change) {
    writer.markGood(generation, change);
  }

  /** Keeps a generation and its patches from being collected. */
  public void pin(long generation, Change change) {
    writer.pin(generation, change);
  }

  /** Takes a pin back. */
  public void unpin(long generation, Change change) {
    writer.unpin(generation, change);
  }

  /** Keeps an installed patch from being collected for a while. */
  public Lease lease(Digest patch, Duration duration) {
    return leaseOf(patch, writer.lease(patch, duration));
  }

  private static Lease leaseOf(Digest patch, Path file) {
    return new Lease() {
      @Override
      public Digest patch() {
        return patch;
      }

      @Override
      public void close() {
        try {
          Files.deleteIfExists(file);
        } catch (IOException e) {
          throw StoreException.io("cannot give the lease " + file + " back", e);
        }
      }
    };
  }

  /**
   * Revokes a patch for good, installed or not: it will not be installed, activated or rolled back
   * to any more. If it is active, what becomes current is the last good generation without a
   * revoked or deactivated patch if that has all other patches of the stack; else the stack without
   * what is revoked, on trial if it was; or that last good generation after all where the rest is
   * damaged or may not stand alone. The bare model, with a warning, if nothing is left.
   *
   * @return the current generation
   */
  public StackGeneration revoke(Digest patch, Change change) {
    return writer.revoke(patch, change);
  }

  /** Revokes every installed patch that {@link StoreOptions#revocations} calls revoked. */
  public StackGeneration applyRevocations(Change change) {
    return writer.applyRevocations(change);
  }

  /**
   * Takes away the generations beyond {@link StoreOptions#keepGenerations}, and every patch that no
   * kept generation, pin or lease needs. The audit log stays. Damage of what is kept does not stop
   * it: what a damaged record or {@code patch.json} may need stays as well.
   *
   * @return the patches that were taken away, and what is damaged
   */
  public CollectedGarbage collectGarbage(Change change) {
    return writer.collectGarbage(change);
  }

  @Override
  public String toString() {
    return "PatchStore[" + layout.root + "]";
  }
}
