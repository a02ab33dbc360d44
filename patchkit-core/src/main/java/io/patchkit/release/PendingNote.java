package io.patchkit.release;

import io.patchkit.format.AtomicFiles;
import io.patchkit.format.FormatException;
import io.patchkit.release.AuditEntry.Action;
import io.patchkit.release.StoreException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.time.Clock;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The entry of the audit log for a change that is under way: written before the change is made, so
 * that a crash leaves word of it. Used while the store is locked.
 */
final class PendingNote {

  private final StoreLayout layout;
  private final StoreReader reader;
  private final Clock clock;

  PendingNote(StoreLayout layout, StoreReader reader, Clock clock) {
    this.layout = layout;
    this.reader = reader;
    this.clock = clock;
  }

  /**
   * Does something that makes no generation, and notes it. Of a generation a failure leaves the
   * record; of an install, a mark or a revocation it would leave nobody to say who did it.
   *
   * @param target the generation that it is done to, null if it is done to patches
   */
  void noting(
      Action action, Change change, List<Digest> patches, @Nullable Long target, StoreWork<?> work)
      throws IOException {
    AuditEntry entry =
        reader.audit.next(
            clock.instant(), action, change, reader.generations.current(), patches, target);
    boolean wasDone = doneOf(entry) != null;
    AtomicFiles.writeFile(layout.pending, AuditJson.write(entry));
    try {
      work.run();
    } catch (IOException | RuntimeException e) {
      if (wasDone || doneOf(entry) == null) {
        Files.deleteIfExists(layout.pending);
      }
      throw e;
    }
    reader.audit.append(entry);
    Files.deleteIfExists(layout.pending);
  }

  /**
   * Notes what was done and not noted before a crash.
   *
   * @param last the last entry of the log
   * @return the last entry now
   */
  @Nullable AuditEntry noteDone(@Nullable AuditEntry last) throws IOException {
    AuditEntry pending;
    try {
      pending = AuditJson.parse(StoreLayout.readBounded(layout.pending, AuditLog.MAX_LINE));
    } catch (NoSuchFileException e) {
      return last;
    } catch (FormatException | IllegalArgumentException | DateTimeException e) {
      throw new StoreException(
          Reason.AUDIT_BROKEN,
          layout.pending
              + ": expected an audit entry, found another text: "
              + e.getMessage()
              + "; keep it, find out by what it was changed, and move it away",
          e);
    }
    boolean isNoted = last != null && last.sequence() >= pending.sequence();
    AuditEntry done = isNoted ? null : doneOf(pending);
    if (done != null) {
      reader.audit.append(done);
      last = done;
    }
    Files.deleteIfExists(layout.pending);
    return last;
  }

  /**
   * What has been done of what was to be noted, null if nothing has. Of a collection that is the
   * patches that are gone; if it was one of generations alone, it counts as done.
   */
  private @Nullable AuditEntry doneOf(AuditEntry pending) throws IOException {
    if (pending.action() == Action.COLLECTED) {
      List<Digest> gone = new ArrayList<>();
      for (Digest patch : pending.patches()) {
        if (!reader.blobs.has(patch)) {
          gone.add(patch);
        }
      }
      return gone.isEmpty() && !pending.patches().isEmpty() ? null : pending.withPatches(gone);
    }
    return isDone(pending) ? pending : null;
  }

  private boolean isDone(AuditEntry pending) throws IOException {
    Long target = pending.target();
    if (target != null) {
      return switch (pending.action()) {
        case MARKED_GOOD -> reader.generations.isMarkedGood(target);
        case PINNED -> reader.marks.pins().contains(target);
        default -> !reader.marks.pins().contains(target);
      };
    }
    for (Digest patch : pending.patches()) {
      boolean isDone =
          pending.action() == Action.REVOKED
              ? reader.marks.revocationOf(patch) != null
              : reader.blobs.has(patch);
      if (!isDone) {
        return false;
      }
    }
    return true;
  }
}
