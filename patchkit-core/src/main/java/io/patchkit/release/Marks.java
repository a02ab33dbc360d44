package io.patchkit.release;

import io.patchkit.format.AtomicFiles;
import io.patchkit.format.FormatException;
import io.patchkit.format.JsonLimits;
import io.patchkit.format.JsonObject;
import io.patchkit.format.StrictJson;
import io.patchkit.release.StoreException.Reason;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Small facts beside the generations: {@code pins/N}, {@code leases/UUID.json} and {@code
 * revoked/PATCH.json}. Methods that write are for the holder of the lock; a lease is given back
 * without it.
 */
final class Marks {

  private final StoreLayout layout;

  Marks(StoreLayout layout) {
    this.layout = layout;
  }

  void pin(long generation) throws IOException {
    AtomicFiles.writeFile(layout.pins.resolve(Long.toString(generation)), new byte[0]);
  }

  void unpin(long generation) throws IOException {
    Files.deleteIfExists(layout.pins.resolve(Long.toString(generation)));
  }

  /** The pinned generations, ascending. */
  Set<Long> pins() throws IOException {
    Set<Long> pins = new TreeSet<>();
    try (DirectoryStream<Path> content = Files.newDirectoryStream(layout.pins)) {
      for (Path path : content) {
        String name = String.valueOf(path.getFileName());
        if (name.matches("[0-9]{1,18}")) {
          pins.add(Long.parseLong(name));
        }
      }
    }
    return pins;
  }

  /** Keeps a patch from being collected until a time, and says which file says so. */
  Path lease(Digest patch, Instant expires) throws IOException {
    Path file = layout.leases.resolve(UUID.randomUUID() + ".json");
    AtomicFiles.writeFile(
        file,
        StrictJson.write(
            JsonObject.builder()
                .put("patch", patch.hex())
                .put("expires", expires.toString())
                .build()));
    return file;
  }

  /** The patches under a lease. Leases that have run out, or cannot be read, are taken away. */
  Set<Digest> leased(Instant now) throws IOException {
    Set<Digest> patches = new HashSet<>();
    try (DirectoryStream<Path> content = Files.newDirectoryStream(layout.leases, "*.json")) {
      for (Path file : content) {
        Digest patch = liveLease(file, now);
        if (patch == null) {
          Files.deleteIfExists(file);
        } else {
          patches.add(patch);
        }
      }
    }
    return patches;
  }

  private static @Nullable Digest liveLease(Path file, Instant now) throws IOException {
    try {
      JsonObject lease = StrictJson.loadObject(file, JsonLimits.defaults());
      return Instant.parse(lease.string("expires")).isAfter(now)
          ? new Digest(lease.string("patch"))
          : null;
    } catch (NoSuchFileException
        | FormatException
        | IllegalArgumentException
        | DateTimeException e) {
      return null;
    }
  }

  /** Remembers for good that a patch is revoked. */
  void revoke(Digest patch, String reason) throws IOException {
    AtomicFiles.writeFile(
        revocation(patch), StrictJson.write(JsonObject.builder().put("reason", reason).build()));
  }

  /** Why the patch is revoked, null if it is not. A damaged record revokes. */
  @Nullable String revocationOf(Digest patch) throws IOException {
    try {
      return StrictJson.loadObject(revocation(patch), JsonLimits.defaults()).string("reason");
    } catch (NoSuchFileException e) {
      return null;
    } catch (FormatException e) {
      return "the record of its revocation is damaged: " + e.getMessage();
    }
  }

  /** The revoked patches with their reasons, sorted. */
  Map<Digest, String> revoked() throws IOException {
    Map<Digest, String> revoked = new TreeMap<>();
    try (DirectoryStream<Path> content = Files.newDirectoryStream(layout.revoked, "*.json")) {
      for (Path file : content) {
        String name = String.valueOf(file.getFileName());
        if (name.matches("[0-9a-f]{64}\\.json")) {
          Digest patch = new Digest(name.substring(0, 64));
          String reason = revocationOf(patch);
          if (reason != null) {
            revoked.put(patch, reason);
          }
        }
      }
    }
    return revoked;
  }

  private Path revocation(Digest patch) {
    return layout.revoked.resolve(patch.hex() + ".json");
  }

  /** Refuses a patch that this store knows to be revoked. */
  void requireNotRevoked(Digest patch, String id) throws IOException {
    String reason = revocationOf(patch);
    if (reason != null) {
      throw refusal(Reason.REVOKED, patch, id, reason);
    }
  }

  static StoreException refusal(Reason reason, Digest patch, String id, String why) {
    return new StoreException(
        reason,
        "expected a patch in good standing, found "
            + id
            + " ("
            + patch.abbreviated()
            + ") "
            + (reason == Reason.REVOKED ? "revoked" : "withdrawn")
            + (why.isEmpty() ? "" : ": " + why)
            + "; use another release");
  }
}
